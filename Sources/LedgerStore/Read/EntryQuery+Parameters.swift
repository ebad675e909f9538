package import Ledger

extension EntryQuery {
    /// The names of the filters, as routes and flags spell them.
    package static let parameterNames = [
        "message_id", "sender", "sender_domain", "kind", "oversight_mode", "outcome", "run_id", "actor", "recipient",
        "idempotency_key", "from", "to",
    ]
    /// The most values of all filters together.
    package static let valuesMax = 100

    /// Reads filters in the form of route parameters; a repeated one means "or".
    package init(parameters: [(name: String, value: String)]) throws(Refusal) {
        self.init()
        guard parameters.count <= Self.valuesMax else {
            throw Refusal(
                .invalidParameter, "a query has at most \(Self.valuesMax) filter values", limit: Self.valuesMax)
        }
        for parameter in parameters {
            do throws(Refusal) {
                try read(parameter.name, parameter.value)
            } catch {
                throw Refusal(.invalidParameter, "\(parameter.name): \(error.reason)", limit: error.limit)
            }
        }
        if let from, let to, from > to {
            throw Refusal(.invalidParameter, "'from' lies after 'to'")
        }
    }

    private mutating func read(_ name: String, _ value: String) throws(Refusal) {
        // The database can hold no U+0000, so nothing stored can match it.
        guard !value.utf8.contains(0) else { throw Refusal(.invalidParameter, "U+0000 is not allowed") }
        switch name {
        case "message_id": messageIDs.append(try MessageID(value))
        case "sender": senders.append(try Address(value).lookupForm)
        case "sender_domain": senderDomains.append(value.lowercased())
        case "kind": kinds.append(try Self.member(value, of: Kind.self))
        case "oversight_mode": oversightModes.append(try Self.member(value, of: OversightMode.self))
        case "outcome": outcomes.append(value)
        case "run_id": runIDs.append(value)
        case "actor": actors.append(value)
        case "recipient": recipients.append(try Address(value).lookupForm)
        case "idempotency_key": idempotencyKeys.append(try IdempotencyKey(value))
        case "from": from = try Self.moment(value, unless: from)
        case "to": to = try Self.moment(value, unless: to)
        default: throw Refusal(.invalidParameter, "there is no such filter")
        }
    }

    private static func member<Choice: RawRepresentable & CaseIterable>(
        _ value: String, of type: Choice.Type
    ) throws(Refusal) -> String where Choice.RawValue == String {
        guard Choice(rawValue: value) != nil else {
            throw Refusal(
                .invalidParameter, "expected one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    private static func moment(_ value: String, unless given: Timestamp?) throws(Refusal) -> Timestamp {
        guard given == nil else { throw Refusal(.invalidParameter, "can be given once") }
        guard let moment = Timestamp(value) else {
            throw Refusal(.invalidParameter, "expected a date-time such as 2026-11-22T10:00:00Z (RFC 3339)")
        }
        return moment
    }
}
