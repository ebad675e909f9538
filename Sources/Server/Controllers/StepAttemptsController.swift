import Cryptography
import Hummingbird
import Ledger
import LedgerStore

/// `POST /v1/step-attempts`: what a workflow's middleware reports, answered item by item.
struct StepAttemptsController: Sendable {
    let store: LedgerStore
    let timeout: Duration

    var routes: [Route] { [Route(.post, "/v1/step-attempts", .ingest, record)] }

    private func record(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        let body = try await request.wholeBody(context)
        let (units, isList) = try await LoopBoundChannel.read(body) { body in try Self.units(body, caller) }
        let outcomes = try await store.append(
            units.compactMap { try? $0.get() }, to: caller.ledger, deadline: .now + timeout)
        return Self.answer(try Self.answers(units, outcomes), isList: isList)
    }

    private static func units(
        _ body: [UInt8], _ caller: Caller
    ) throws(Refusal) -> (units: [Result<AppendUnit, Refusal>], isList: Bool) {
        let (elements, isList) = try JSONReader.readElements(body, nullable: StepAttempt.nullable)
        guard !elements.isEmpty else { throw Refusal(.invalidMember, "the body holds no report") }
        guard elements.count <= StepAttempt.batchMax else {
            throw Refusal(
                .tooMany, "a request has at most \(StepAttempt.batchMax) reports", limit: StepAttempt.batchMax)
        }
        return (elements.map { element in element.flatMap { unit($0, caller) } }, isList)
    }

    private static func unit(_ json: JSONValue, _ caller: Caller) -> Result<AppendUnit, Refusal> {
        Result { () throws(Refusal) in
            let attempt = try StepAttempt.read(json)
            let keys = caller.ledger.keys
            let tag = keys.idempotencyTag(ofAttempt: attempt.identity, content: CanonicalWriter.bytes(of: json))
            let draft = try Draft(
                attempt.event, origin: caller.ledger.origin, reporter: Reporter(id: caller.grant.id, via: .ingest),
                idempotencyTag: tag, attempt: attempt.identity, random: Random.bytes)
            return AppendUnit([.init(draft, keys: keys)])
        }
    }

    /// What became of each item, in order. If the store failed for one, the whole request is to be repeated: what was
    /// recorded is then a duplicate.
    private static func answers(
        _ units: [Result<AppendUnit, Refusal>], _ outcomes: [Result<[Placed], StoreError>]
    ) throws(StoreError) -> [Result<Placed, Refusal>] {
        var placed: [Result<Placed, Refusal>] = []
        for outcome in outcomes {
            do throws(StoreError) {
                placed += try outcome.get().map { .success($0) }
            } catch {
                if error.code == .tokenBound {
                    // This report's fault, and no other's.
                    placed.append(.failure(Refusal(.invalidMember, error.reason, at: [error.member ?? ""])))
                    continue
                }
                var error = error
                if outcomes.contains(where: { (try? $0.get()) != nil }) { error.committed = .unknown }
                throw error
            }
        }
        var next = placed.makeIterator()
        return units.compactMap { unit in
            switch unit {
            case .failure(let refusal): .failure(refusal)
            case .success: next.next()
            }
        }
    }

    private static func answer(_ answers: [Result<Placed, Refusal>], isList: Bool) -> Response {
        var writer = JSONWriter()
        if isList {
            writer.array { writer in
                for answer in answers { writer.observation(answer) }
            }
        } else {
            for answer in answers { writer.observation(answer) }
        }
        return writer.response()
    }
}

extension JSONWriter {
    fileprivate mutating func observation(_ answer: Result<Placed, Refusal>) {
        object { writer in
            switch answer {
            case .success(let placed):
                writer.member("status", placed.replayed ? "duplicate" : "recorded")
                writer.member("seq", placed.seq)
                writer.member("leaf_hash", placed.leafHash)
                writer.member("recorded_at", placed.recordedAt)
                if let earlier = placed.conflictsWith { writer.member("conflicts_with", earlier) }
            case .failure(let refusal):
                writer.member("status", "rejected")
                writer.member("reason", refusal.reason)
                if !refusal.path.isEmpty { writer.member("pointer", refusal.pointer) }
            }
        }
    }
}
