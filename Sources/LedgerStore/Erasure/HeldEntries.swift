import Postgres

/// The entries that the holds in force cover, as they stood at one size.
struct HeldEntries: Sendable {
    /// The ids of the holds in force, in order.
    let ids: [String]
    private var holds: [(id: String, seqs: Set<Int>, range: ClosedRange<Int>?)] = []

    /// Looks up what each hold covers.
    init(_ search: ErasureSearch) async throws {
        let live = try await LedgerStore.liveHolds(of: search.ledger, search.connection, search.deadline)
        ids = live.map(\.id)
        for hold in live {
            // Why something is held must not go before what is held.
            switch hold.scope {
            case .person(let pseudonym):
                holds.append((hold.id, try await search.entries(about: pseudonym).union([hold.seq]), nil))
            case .message(let message):
                holds.append((hold.id, try await search.entries(of: message).union([hold.seq]), nil))
            case .entries(let range): holds.append((hold.id, [hold.seq], range))
            }
        }
    }

    /// The holds that cover `seq`.
    func holds(covering seq: Int) -> [String] {
        holds.filter { $0.seqs.contains(seq) || $0.range?.contains(seq) ?? false }.map(\.id)
    }

    /// The holds that cover any of `seqs`, each once and in order.
    func holds(coveringAny seqs: some Sequence<Int>) -> [String] {
        guard !ids.isEmpty else { return [] }
        var found: Set<String> = []
        for seq in seqs { found.formUnion(holds(covering: seq)) }
        return ids.filter(found.contains)
    }
}
