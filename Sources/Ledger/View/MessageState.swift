/// What the entries of kind `send` say of one message together, and on whose word: a view, never stored.
///
/// Outcomes are ordered by what may follow what (`SendOutcome`). The state is the furthest outcome that the strongest
/// word says; weaker words add nothing to it.
package struct MessageState: Sendable {
    /// Whose word an entry is, the weakest first.
    package enum Word: String, Comparable, Sendable {
        /// A producer who may claim anything.
        case claimed
        /// A token that is bound to the sender that it names.
        case bound
        /// The service itself, or its operator.
        case service
        /// The gate, which sent or held the message.
        case gate

        private var strength: Int {
            switch self {
            case .claimed: 0
            case .bound: 1
            case .service: 2
            case .gate: 3
            }
        }

        package static func < (left: Word, right: Word) -> Bool { left.strength < right.strength }
    }

    /// One entry of kind `send`, and who stands behind it.
    package struct Statement: Sendable {
        let entry: Entry
        let word: Word
        /// Whose idempotency keys its token uses; tokens of one producer contradict nobody but themselves.
        let producer: String

        package init(_ entry: Entry, word: Word, producer: String) {
            self.entry = entry
            self.word = word
            self.producer = producer
        }
    }

    /// Something that is said, and on whose word.
    package struct Said: Sendable {
        package let text: String
        package let word: Word
    }

    /// What different producers do not agree on.
    package enum Contested: String, Sendable {
        /// They name two senders.
        case sender
        /// They report outcomes of which neither can follow the other.
        case state
    }

    package private(set) var state: Said?
    package private(set) var sender: Said?
    package private(set) var oversightMode: Said?
    package private(set) var contested: [Contested] = []

    /// - Parameter statements: those about the message, in the order of their entries.
    package init(_ statements: [Statement]) {
        state = Self.furthest(statements)
        sender = Self.last(statements) { $0.sender }
        oversightMode = Self.last(statements) { $0.oversightMode }
        let pairs = statements.enumerated().flatMap { index, one in
            statements[(index + 1)...].filter { $0.producer != one.producer }.map { (one.entry, $0.entry) }
        }
        if pairs.contains(where: { Self.isOther($0.sender, $1.sender) }) { contested.append(.sender) }
        if pairs.contains(where: { !SendOutcome.mayFollow($0.outcome, $1.outcome) }) { contested.append(.state) }
    }

    private static func isOther(_ one: String?, _ other: String?) -> Bool {
        guard let one, let other else { return false }
        return !one.lowercased().utf8.elementsEqual(other.lowercased().utf8)
    }

    /// The last value that the strongest word gives.
    private static func last(_ statements: [Statement], _ value: (Entry) -> String?) -> Said? {
        let saying = statements.filter { value($0.entry) != nil }
        guard let word = saying.map(\.word).max(), let last = saying.last(where: { $0.word == word }) else {
            return nil
        }
        return value(last.entry).map { Said(text: $0, word: word) }
    }

    private static func furthest(_ statements: [Statement]) -> Said? {
        guard let word = statements.map(\.word).max() else { return nil }
        let outcomes = statements.filter { $0.word == word }.map(\.entry.outcome)
        // Of outcomes that exclude each other the later report counts.
        let furthest = outcomes.last { outcome in
            !outcomes.contains {
                $0 != outcome && SendOutcome.follows($0, outcome) && !SendOutcome.follows(outcome, $0)
            }
        }
        return furthest.map { Said(text: $0, word: word) }
    }
}

/// Which outcome of a message may follow which: the life of a mail (Format.md, "The life of a message").
package enum SendOutcome {
    /// What may come next, by the outcome that stands.
    package static let next: [(outcome: String, next: [String])] = [
        (
            "requested",
            [
                "held", "scheduled", "sent", "failed", "rejected", "cancelled", "refused", "suppressed", "expired",
                "unknown",
            ]
        ),
        (
            "held",
            ["scheduled", "sent", "failed", "rejected", "cancelled", "refused", "suppressed", "expired", "unknown"]
        ),
        ("scheduled", ["held", "sent", "failed", "cancelled", "refused", "suppressed", "expired", "unknown"]),
        ("unknown", ["sent", "delivered", "bounced", "complained", "failed"]),
        ("sent", ["delivered", "bounced", "complained"]), ("delivered", ["bounced", "complained"]),
        ("bounced", ["complained"]), ("complained", []), ("failed", []), ("rejected", []), ("cancelled", []),
        ("refused", []), ("suppressed", []), ("expired", []),
    ]

    private static let reachable: [String: Set<String>] = {
        let direct = Dictionary(uniqueKeysWithValues: next.map { ($0.outcome, $0.next) })
        var reachable: [String: Set<String>] = [:]
        for (outcome, _) in next {
            var found: Set<String> = []
            var open = direct[outcome] ?? []
            while let each = open.popLast() {
                if found.insert(each).inserted { open += direct[each] ?? [] }
            }
            reachable[outcome] = found
        }
        return reachable
    }()

    /// Whether `later` can come after `earlier`, at once or by way of others. An outcome that is not known can.
    package static func follows(_ later: String, _ earlier: String) -> Bool {
        guard let found = reachable[earlier], reachable[later] != nil else { return true }
        return found.contains(later)
    }

    /// Whether both can be said of one message.
    package static func mayFollow(_ one: String, _ other: String) -> Bool {
        one == other || follows(one, other) || follows(other, one)
    }
}
