import Ledger
import Postgres

/// The entries that the holds in force cover, as they stood at one size.
struct HeldEntries: Sendable {
    /// The ids of the holds in force, in order.
    let ids: [String]
    private let holds: [LegalHold]
    private let seqs: Set<Int>
    private let ranges: [ClosedRange<Int>]

    /// Looks up what the holds cover, all together: there may be many, and most are of no matter to an erasure.
    init(_ search: ErasureSearch) async throws {
        holds = try await LedgerStore.liveHolds(of: search.ledger, search.connection, search.deadline)
        ids = holds.map(\.id)
        var people: [Pseudonym] = []
        var messages: [String] = []
        var ranges: [ClosedRange<Int>] = []
        for hold in holds {
            switch hold.scope {
            case .person(let pseudonym): people.append(pseudonym)
            case .message(let message): messages.append(message)
            case .entries(let range): ranges.append(range)
            }
        }
        self.ranges = ranges
        // Why something is held must not go before what is held.
        seqs = try await search.entries(about: people).union(search.entries(of: messages)).union(holds.map(\.seq))
    }

    /// Whether a hold covers `seq`.
    func covers(_ seq: Int) -> Bool { seqs.contains(seq) || ranges.contains { $0.contains(seq) } }

    /// Holds that cover any of `seqs`, the entries found for a person; at least one of them, if there is one. Those
    /// that can be named at once are; else others are looked up, one by one, until one is found.
    func holds(coveringAny seqs: [Int], of pseudonym: Pseudonym, _ search: ErasureSearch) async throws -> [String] {
        guard seqs.contains(where: covers) else { return [] }
        let plain = holds.filter { hold in
            switch hold.scope {
            case .person(let held): held == pseudonym
            case .message: false
            case .entries(let range): seqs.contains(where: range.contains)
            }
        }
        guard plain.isEmpty else { return plain.map(\.id) }
        for hold in holds {
            let own: Set<Int>
            switch hold.scope {
            case .person(let held): own = try await search.entries(about: [held])
            case .message(let message): own = try await search.entries(of: [message])
            case .entries: own = []
            }
            if seqs.contains(where: { own.contains($0) || $0 == hold.seq }) { return [hold.id] }
        }
        // One of them covers something, so it stays.
        return ids
    }
}
