import Hummingbird
import Ledger
import LedgerStore

/// `/v1/legal-holds`: what must not be erased.
struct LegalHoldsController: Sendable {
    let store: LedgerStore
    let timeout: Duration

    var routes: [Route] {
        [
            Route(.post, "/v1/legal-holds", .admin, place), Route(.get, "/v1/legal-holds", .admin, list),
            Route(.delete, "/v1/legal-holds/{id}", .admin, release),
        ]
    }

    private func place(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        var members = try MemberReader(try JSONReader.read(try await request.wholeBody(context)))
        let reference = try members.require("reference") { (value) throws(Refusal) in
            try MemberReader.text(value, min: 1, max: LegalHold.referenceSizeMax)
        }
        let reason = try members.require("reason") { (value) throws(Refusal) in
            try MemberReader.text(value, min: 1, max: LegalHold.reasonSizeMax)
        }
        let subject = try Self.subject(&members)
        try members.requireNothingElse()
        let hold = try await store.hold(
            subject, reason: reason, reference: reference, in: caller.ledger,
            reporter: Reporter(id: caller.grant.id, via: .service), deadline: .now + timeout)
        return JSONWriter.answer(status: .created) { writer in
            writer.member("id", hold.id)
            writer.member("seq", hold.placed.seq)
            writer.member("recorded_at", hold.placed.recordedAt)
        }
    }

    /// Exactly one of a person, a message and a range of entries.
    private static func subject(_ members: inout MemberReader) throws(Refusal) -> LegalHold.Subject {
        let person = try members.take("subject", MemberReader.address)
        let message = try members.take("message_id") { (value) throws(Refusal) in
            try MessageID(try MemberReader.text(value, min: 1, max: MessageID.sizeMax))
        }
        let first = try members.take("from_seq", seq)
        let last = try members.take("to_seq", seq)
        switch (person, message, first, last) {
        case (let person?, nil, nil, nil): return .person(person)
        case (nil, let message?, nil, nil): return .message(message)
        case (nil, nil, let first?, let last?):
            guard first <= last else {
                throw Refusal(.invalidMember, "the range ends before it begins", at: ["to_seq"])
            }
            return .entries(first...last)
        default:
            throw Refusal(
                .missingMember, "a hold names one of 'subject', 'message_id', and 'from_seq' together with 'to_seq'")
        }
    }

    private static func seq(_ value: JSONValue) throws(Refusal) -> Int {
        try MemberReader.integer(value, in: 0...JSONValue.integerMax)
    }

    private func list(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        let holds = try await store.holds(of: caller.ledger)
        return JSONWriter.answer { writer in
            writer.name("holds")
            writer.array { writer in
                for hold in holds { writer.object { $0.members(of: hold) } }
            }
        }
    }

    private func release(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let id = try context.path("id")
        guard LegalHold.isID(id) else {
            throw Refusal(.invalidParameter, "the path holds no id of a hold such as hold_ and 22 characters")
        }
        try QueryReader(request).requireNothingElse()
        let placed = try await store.releaseHold(
            id: id, in: caller.ledger, reporter: Reporter(id: caller.grant.id, via: .service),
            deadline: .now + timeout)
        return JSONWriter.answer { writer in
            writer.member("id", id)
            writer.member("released_at", placed.recordedAt)
            writer.member("seq", placed.seq)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func members(of hold: LegalHold) {
        member("id", hold.id)
        switch hold.scope {
        case .person(let pseudonym): member("pseudonym", pseudonym.text)
        case .message(let id): member("message_id", id)
        case .entries(let range):
            member("from_seq", range.lowerBound)
            member("to_seq", range.upperBound)
        }
        member("reference", hold.reference)
        member("seq", hold.seq)
        member("held_at", hold.heldAt)
        if let releasedAt = hold.releasedAt { member("released_at", releasedAt) }
    }
}
