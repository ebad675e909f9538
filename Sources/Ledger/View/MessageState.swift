/// What the entries of kind `send` say of one message together, and on whose word: a view, never stored.
///
/// Outcomes are ordered by what may follow what (`SendOutcome`). The state is the furthest outcome that the strongest
/// word says; weaker words add nothing to it.
package struct MessageState: Sendable {
    /// Whose word an entry is, the weakest first.
    package enum Word: String, Comparable, Sendable {
        /// A producer who may claim anything.
        case claimed
        /// A token that is bound to the sender of the message.
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
        private let word: Word
        /// Whether its token is bound to this sender.
        private let isBound: @Sendable (_ sender: String) -> Bool
        /// Whose idempotency keys its token uses; tokens of one producer contradict nobody but themselves.
        let producer: String

        /// - Parameter word: what it is worth by the way that it came in.
        package init(
            _ entry: Entry, word: Word, producer: String, isBound: @escaping @Sendable (_ sender: String) -> Bool
        ) {
            self.entry = entry
            self.word = word
            self.producer = producer
            self.isBound = isBound
        }

        /// Whose word it is about a message of `sender`: a binding to somebody else's name is worth nothing here.
        func word(about sender: String?) -> Word {
            guard word == .claimed, let sender, isBound(sender) else { return word }
            return .bound
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
        // The first: who comes later with a name of his own takes no message over.
        sender = Self.strongest(statements, { $0.word(about: $0.entry.sender) }, { $0.sender }).first
        let about = sender?.text
        state = Self.furthest(statements, about: about)
        oversightMode = Self.strongest(statements, { $0.word(about: about) }, { $0.oversightMode }).last
        let senders = Self.said(statements) { $0.sender.map(Address.lookupForm) }
        if Self.contradict(senders, { !$0.utf8.elementsEqual($1.utf8) }) { contested.append(.sender) }
        let outcomes = Self.said(statements) { $0.outcome }
        if Self.contradict(outcomes, { !SendOutcome.mayFollow($0, $1) }) { contested.append(.state) }
    }

    private struct Claim: Hashable {
        let producer: String
        let value: String
    }

    /// What each producer says, each value once: a message may have very many entries.
    private static func said(_ statements: [Statement], _ value: (Entry) -> String?) -> Set<Claim> {
        Set(statements.compactMap { one in value(one.entry).map { Claim(producer: one.producer, value: $0) } })
    }

    /// Whether two producers say what cannot both be true.
    private static func contradict(_ claims: Set<Claim>, _ isContradiction: (String, String) -> Bool) -> Bool {
        claims.contains { one in
            claims.contains { $0.producer != one.producer && isContradiction($0.value, one.value) }
        }
    }

    /// The values that the strongest word gives, in the order of their entries.
    private static func strongest(
        _ statements: [Statement], _ word: (Statement) -> Word, _ value: (Entry) -> String?
    ) -> [Said] {
        let all = statements.compactMap { one in value(one.entry).map { Said(text: $0, word: word(one)) } }
        let strongest = all.map(\.word).max()
        return all.filter { $0.word == strongest }
    }

    private static func furthest(_ statements: [Statement], about sender: String?) -> Said? {
        let all = strongest(statements, { $0.word(about: sender) }, { $0.outcome })
        guard let word = all.first?.word else { return nil }
        let outcomes = all.map(\.text)
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
