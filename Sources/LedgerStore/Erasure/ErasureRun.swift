import Ledger
import Observation
import Postgres
import Synchronization

/// The erasure of one person, in units of a bounded size. The last unit takes the mapping away; as long as that is
/// there, whoever repeats an erasure that was cut off finds the rest.
struct ErasureRun: Sendable {
    let store: LedgerStore
    let ledger: StoredLedger
    let reporter: Reporter
    /// Further members of `data`.
    let data: [JSONValue.Member]
    let requester: String?
    /// Nil for an address that the ledger has never met: the wish alone is recorded.
    let pseudonym: Pseudonym?
    /// The tag of the address, where that is known.
    let tag: [UInt8]?
    /// The holds that were looked at; nil where none counts.
    let holds: [String]?
    /// Whether the mapping goes at the end.
    var isWhole = true
    /// How long each append may take.
    let timeout: Duration

    /// Erases the entries `seqs`, which ascend, as far as there is anything to erase in them.
    ///
    /// - Parameter searchedSize: the ledger's size when they were looked for.
    func erase(_ seqs: [Int], searchedSize: Int, adding erasure: inout Erasure) async throws {
        for start in stride(from: 0, to: max(seqs.count, 1), by: ErasureUnit.touchedMax) {
            let page = seqs[start..<min(start + ErasureUnit.touchedMax, seqs.count)]
            let isLast = page.endIndex == seqs.count
            let (touched, size) = try await touched(page)
            if !isLast, touched.isEmpty { continue }
            let last = ErasureUnit.Last(tag: tag, searchedSize: searchedSize)
            let unit = ErasureUnit(
                ledger: ledger, reporter: reporter, event: .erasure, data: data, requester: requester,
                pseudonym: pseudonym, touched: touched, seqs: SeqRanges(ascending: touched.map(\.seq)), size: size,
                holds: holds, last: isLast && isWhole && pseudonym != nil ? last : nil)
            try await store.append(unit, timeout: timeout, adding: &erasure)
        }
    }

    private func touched(_ seqs: ArraySlice<Int>) async throws -> ([Touched], size: Int) {
        try await store.read { [ledger, pseudonym] connection, deadline in
            let size = try await LedgerStore.size(of: ledger, connection, deadline)
            let search = ErasureSearch(ledger: ledger, connection: connection, deadline: deadline, size: size)
            return (try await search.touched(seqs, erasing: pseudonym), size)
        }
    }
}

extension LedgerStore {
    /// Appends the unit, writes the journal, and notes in `erasure` what was erased.
    func append(_ unit: ErasureUnit, timeout: Duration, adding erasure: inout Erasure) async throws {
        let listed = Listed()
        let placed = try await append(
            unit.unit { listed.seqs = $0 }, to: unit.ledger, deadline: .now + timeout)
        for place in placed {
            erasure.erasedBy.append(place.seq)
            erasure.recordedAt = place.recordedAt
        }
        for range in listed.seqs.ranges { erasure.seqs.append(range) }
        observer.observe(
            .erased(ledger: unit.ledger.origin.text, event: unit.event.rawValue, entries: listed.seqs.count))
        try await journalize(placed.map(\.seq), of: unit.ledger)
    }

    /// What a unit lists: known once it was made under the lock, by the task that commits it.
    private final class Listed: Sendable {
        private let state = Mutex(SeqRanges())

        var seqs: SeqRanges {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }
}
