import Hummingbird
import Identities
import Ledger
import LedgerStore

/// `GET /v1/messages/{message_id}`: the life of one message.
struct MessagesController: Sendable {
    let store: LedgerStore
    let register: IdentityRegister

    var routes: [Route] { [Route(.get, "/v1/messages/{message_id}", .read, message)] }

    private func message(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let text = try context.path("message_id")
        let id: MessageID
        do throws(Refusal) {
            id = try MessageID(text)
        } catch {
            throw Refusal(.invalidParameter, "the message_id in the path is not valid: \(error.reason)")
        }
        try QueryReader(request).requireNothingElse()
        let (found, isTruncated) = try await store.history(
            of: id, in: caller.ledger, disclosures: caller.grant.seesPersonalData)
        guard !found.isEmpty else { throw StoreError(.notFound, "the ledger knows nothing of this message") }
        // A line that cannot be read as an entry is still shown, but says nothing about the message.
        let entries = found.compactMap { try? Entry(line: Array($0.line.utf8)) }
        let own = entries.filter { $0.messageID.map { $0.utf8.elementsEqual(id.text.utf8) } ?? false }
        let inForce = try await register.inForce(for: entries, in: caller.ledger)
        let said = try await store.state(of: own, in: caller.ledger)
        return try JSONWriter.answer { (writer) throws(StoreError) in
            writer.member("message_id", id.text)
            writer.member("sender", said.sender)
            writer.member("oversight_mode", said.oversightMode)
            writer.member("state", said.state)
            if !said.contested.isEmpty {
                writer.name("contested")
                writer.array { writer in
                    for each in said.contested { writer.value(each.rawValue) }
                }
            }
            writer.name("timeline")
            try writer.array { (writer) throws(StoreError) in
                for entry in found { try writer.entry(entry) }
            }
            writer.name("attempts")
            writer.array { writer in
                for attempt in AttemptView.views(of: entries) { writer.attempt(attempt) }
            }
            writer.name("alignment")
            writer.array { writer in
                for check in inForce { writer.check(check) }
            }
            if isTruncated { writer.member("truncated", true) }
        }
    }
}

extension JSONWriter {
    /// A member, and beside it on whose word it stands.
    fileprivate mutating func member(_ name: String, _ said: MessageState.Said?) {
        guard let said else { return }
        member(name, said.text)
        member("\(name)_word", said.word.rawValue)
    }

    fileprivate mutating func check(_ check: IdentityInForce) {
        object { writer in
            writer.member("seq", check.seq)
            writer.member("identity", check.identity)
            writer.member("verification_seq", check.verificationSeq)
            writer.member("assessment", check.assessment)
        }
    }

    fileprivate mutating func attempt(_ attempt: AttemptView) {
        object { writer in
            writer.member("engine", attempt.engine)
            if let scope = attempt.scope { writer.member("scope", scope) }
            writer.member("run_id", attempt.runID)
            writer.member("run_attempt", attempt.runAttempt)
            if let stepID = attempt.stepID { writer.member("step_id", stepID) }
            writer.member("step_index", attempt.stepIndex)
            writer.member("attempt", attempt.attempt)
            writer.member("state", attempt.state)
            if attempt.isConflicting { writer.member("conflicting", true) }
            writer.name("seqs")
            writer.array { writer in
                for seq in attempt.seqs { writer.verbatim(String(seq).utf8) }
            }
        }
    }
}
