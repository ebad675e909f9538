/// What a producer says happened, checked and normalised, before the ledger gives it a place.
package struct Event: Sendable {
    package internal(set) var kind: Kind
    package internal(set) var outcome: String
    package internal(set) var messageID: MessageID?
    package internal(set) var sender: Address?
    package internal(set) var oversightMode: OversightMode?
    package internal(set) var actor: Actor?
    package internal(set) var workflow: Workflow?
    package internal(set) var occurredAt: Timestamp?
    package internal(set) var data: [JSONValue.Member]?
    package internal(set) var personal = PersonalData()

    /// An event that the service itself reports.
    package init(
        kind: Kind, outcome: String, actor: Actor? = nil, data: [JSONValue.Member]? = nil,
        personal: PersonalData = PersonalData()
    ) {
        self.kind = kind
        self.outcome = outcome
        self.actor = actor
        self.data = data
        self.personal = personal
    }

    /// Reads one element of `POST /v1/entries` or one line of an import.
    ///
    /// - Returns: the event, and the caller's idempotency key if the element holds one.
    package static func read(
        _ value: JSONValue, via: Reporter.Via
    ) throws(Refusal) -> (event: Event, idempotencyKey: IdempotencyKey?) {
        var reader = try MemberReader(value)
        let kind: Kind = try reader.require("kind") { (value) throws(Refusal) in
            guard let kind = value.text.flatMap(Kind.init(rawValue:)) else {
                throw Refusal(
                    .invalidMember, "expected one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return kind
        }
        guard !(kind.isReservedForTheService && via.isProducer) else {
            throw Refusal(.forbiddenKind, "only the service itself writes entries of this kind", at: ["kind"])
        }
        let outcome: String = try reader.require("outcome") { (value) throws(Refusal) in
            guard let outcome = value.text, kind.outcomes.contains(outcome) else {
                throw Refusal(
                    .invalidMember,
                    "an entry of kind \(kind.rawValue) has one of \(kind.outcomes.joined(separator: ", "))")
            }
            return outcome
        }
        var event = Event(kind: kind, outcome: outcome)
        try event.readRest(&reader)
        let key = try reader.take("idempotency_key") { (value) throws(Refusal) in
            try IdempotencyKey(try MemberReader.text(value, min: 1, max: IdempotencyKey.sizeMax))
        }
        try reader.requireNothingElse()
        return (event, key)
    }

    private mutating func readRest(_ reader: inout MemberReader) throws(Refusal) {
        messageID = try reader.take("message_id") { (value) throws(Refusal) in
            try MessageID(try MemberReader.text(value, min: 1, max: MessageID.sizeMax))
        }
        sender = try reader.take("sender") { (value) throws(Refusal) in
            try Address(try MemberReader.text(value, min: 1, max: 320))
        }
        oversightMode = try reader.choice("oversight_mode", of: OversightMode.self)
        actor = try reader.take("actor", Self.actor)
        workflow = try reader.take("workflow") { (value) throws(Refusal) in try Workflow(value) }
        occurredAt = try reader.timestamp("occurred_at")
        data = try reader.take("data") { (value) throws(Refusal) in
            guard let members = value.members else { throw Refusal(.invalidMember, "expected an object") }
            return members
        }
        if let personal = try reader.take("personal", { (value) throws(Refusal) in try PersonalData(value) }) {
            self.personal = personal
        }
        for member in workflow?.sealed ?? [] { personal.set(member.name, member.value) }
        guard workflow != nil || (kind != .stepAttempt && kind != .runOutcome) else {
            throw Refusal(.missingMember, "an entry of kind \(kind.rawValue) needs the member 'workflow'")
        }
    }

    private static func actor(_ value: JSONValue) throws(Refusal) -> Actor {
        var reader = try MemberReader(value)
        guard let type = try reader.choice("type", of: Actor.Kind.self) else {
            throw Refusal(.missingMember, "the member 'type' is required")
        }
        let id = try reader.require("id") { (value) throws(Refusal) in
            let id = try MemberReader.text(value, min: 1, max: Actor.idSizeMax)
            guard id.utf8.count <= Actor.idSizeMax else {
                throw Refusal(.tooLarge, "an actor's id has at most \(Actor.idSizeMax) bytes", limit: Actor.idSizeMax)
            }
            guard !id.utf8.contains(UInt8(ascii: "@")) else {
                throw Refusal(.invalidMember, "an actor's id is opaque and stays in clear: it must not be an address")
            }
            return id
        }
        try reader.requireNothingElse()
        return Actor(type: type, id: id)
    }

    /// Names the workflow step that made the call which handed this event over, unless the producer named one itself.
    package mutating func attribute(to workflow: Workflow) {
        guard self.workflow == nil else { return }
        self.workflow = workflow
        for member in workflow.sealed { personal.set(member.name, member.value) }
    }

    /// Keeps, sealed, the `Step-*` headers of a call that name no workflow step that could be read.
    package mutating func note(stepHeaders: [JSONValue.Member]) {
        guard !personal.items.contains(where: { $0.name == "step_headers" }) else { return }
        personal.set("step_headers", .object(stepHeaders))
    }
}
