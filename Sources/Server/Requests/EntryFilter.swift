package import Ledger
package import LedgerStore

/// The filters of a query for entries, as the store takes them and as an export's own entry repeats them.
package struct EntryFilter: Sendable {
    package private(set) var query = EntryQuery()
    /// The filters that were given, normalised, by name. Idempotency keys are not among them: the ledger keeps none,
    /// for people put addresses in them.
    package private(set) var members: [JSONValue.Member] = []

    /// Longest run id and actor's id, in characters.
    private static let runIDSizeMax = 512

    /// Takes all `parameters` as filters, under the names that they have in routes.
    package init(parameters: [(name: String, value: String)]) throws(Refusal) {
        var reader = QueryReader(parameters: parameters)
        try self.init(&reader)
        try reader.requireNothingElse()
    }

    /// Takes the filters from `reader`.
    init(_ reader: inout QueryReader) throws(Refusal) {
        query.messageIDs = try reader.all("message_id") { (text) throws(Refusal) in try MessageID(text) }
        note("message_id", query.messageIDs.map(\.text))
        query.senders = try reader.all("sender", Self.address)
        note("sender", query.senders)
        query.senderDomains = try reader.all("sender_domain") { (text) throws(Refusal) in try Address.domain(text) }
        note("sender_domain", query.senderDomains)
        query.kinds = try reader.all("kind") { (text) throws(Refusal) in
            try QueryReader.choice(text, of: Kind.self).rawValue
        }
        note("kind", query.kinds)
        query.oversightModes = try reader.all("oversight_mode") { (text) throws(Refusal) in
            try QueryReader.choice(text, of: OversightMode.self).rawValue
        }
        note("oversight_mode", query.oversightModes)
        query.outcomes = try reader.all("outcome", Self.outcome)
        note("outcome", query.outcomes)
        query.alignments = try reader.all("alignment") { (text) throws(Refusal) in
            guard Kind.verification.outcomes.contains(text) else {
                throw Refusal(
                    .invalidParameter, "expected one of \(Kind.verification.outcomes.joined(separator: ", "))")
            }
            return text
        }
        note("alignment", query.alignments)
        query.runIDs = try reader.all("run_id") { (text) throws(Refusal) in
            try MemberReader.text(.string(text), min: 1, max: Self.runIDSizeMax)
        }
        note("run_id", query.runIDs)
        query.actors = try reader.all("actor") { (text) throws(Refusal) in
            try MemberReader.text(.string(text), min: 1, max: Actor.idSizeMax)
        }
        note("actor", query.actors)
        query.reporters = try reader.all("reporter") { (text) throws(Refusal) in
            try MemberReader.text(.string(text), min: 1, max: TokenTerms.nameSizeMax)
        }
        note("reporter", query.reporters)
        query.vias = try reader.all("via") { (text) throws(Refusal) in
            try QueryReader.choice(text, of: Reporter.Via.self).rawValue
        }
        note("via", query.vias)
        query.recipients = try reader.all("recipient", Self.address)
        note("recipient", query.recipients)
        query.idempotencyKeys = try reader.all("idempotency_key") { (text) throws(Refusal) in try IdempotencyKey(text) }
        query.producers = try reader.all("producer") { (text) throws(Refusal) in
            try MemberReader.text(.string(text), min: 1, max: TokenTerms.nameSizeMax)
        }
        note("producer", query.producers)
        query.from = try reader.timestamp("from")
        note("from", query.from.map { [$0.text] } ?? [])
        query.to = try reader.timestamp("to")
        note("to", query.to.map { [$0.text] } ?? [])
    }

    private mutating func note(_ name: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        members.append(.init(name, .array(values.map(JSONValue.string))))
    }

    private static func address(_ text: String) throws(Refusal) -> String { try Address(text).lookupForm }

    private static let outcomes = Set(Kind.allCases.flatMap(\.outcomes))

    private static func outcome(_ text: String) throws(Refusal) -> String {
        guard outcomes.contains(text) else {
            throw Refusal(.invalidParameter, "expected one of \(outcomes.sorted().joined(separator: ", "))")
        }
        return text
    }
}
