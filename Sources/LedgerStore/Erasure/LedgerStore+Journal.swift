import Cryptography
package import Ledger
import Observation
import Postgres

extension LedgerStore {
    /// Erases again what the journal names and the database still has, because it was restored from an older backup;
    /// then writes into the journal what the database knows of and the journal lacks. To be called before anything is
    /// served.
    ///
    /// Holds do not count: an erasure was committed when none was in its way, so one that is in force in an older
    /// backup was released since.
    ///
    /// - Returns: how many entries were erased again.
    package func applyJournal(reporter: Reporter, timeout: Duration) async throws -> Int {
        guard let journal else { return 0 }
        let records = try journal.lines()
        var count = 0
        let ledgers = try await allLedgers()
        for ledger in ledgers {
            let own = records.filter { $0.origin == ledger.origin.text }
            var erasure = Erasure()
            let lost = try await lost(own, in: ledger)
            // Nothing can be appended to it, so nothing erased; and nothing sealed is shown of it.
            let isRepair = environment.repairs.contains(ledger.id)
            if !lost.isEmpty, !isRepair, try await haltReason(of: ledger) != nil {
                observer.observe(
                    .erasureJournalFailed(
                        ledger: ledger.origin.text, reason: "the ledger is halted; no sealed value is shown of it"))
                continue
            }
            for record in lost {
                try await eraseAgain(record, in: ledger, reporter: reporter, timeout: timeout, adding: &erasure)
            }
            count += erasure.seqs.count
        }
        try await complete(try journal.lines(), of: ledgers)
        return count
    }

    /// How the journal and the database stand to each other.
    package struct JournalState: Sendable {
        package let path: String
        /// Erasures that the journal names.
        package var namedCount = 0
        /// Erasures that the database knows of and the journal lacks.
        package var unwrittenCount = 0
        /// Erasures that the journal names and the database has undone, being restored from an older backup.
        package var undoneCount = 0
    }

    /// Compares the two and changes neither; nil where no journal is named.
    package func journalState() async throws -> JournalState? {
        guard let journal else { return nil }
        let records = try journal.lines()
        let ledgers = try await allLedgers()
        var state = JournalState(path: journal.path, namedCount: records.count)
        for (_, seqs) in try await unwritten(records, of: ledgers) { state.unwrittenCount += seqs.count }
        for ledger in ledgers {
            for record in try await lost(records.filter { $0.origin == ledger.origin.text }, in: ledger)
            where try await find(record, in: ledger, isLater: false).isThere {
                state.undoneCount += 1
            }
        }
        return state
    }

    /// Writes the erasures recorded at `seqs` into the journal.
    func journalize(_ seqs: [Int], of ledger: StoredLedger) async throws {
        guard let journal, !seqs.isEmpty else { return }
        do {
            try journal.append(try await records(of: seqs, in: ledger))
        } catch let fault as ErasureJournal.Fault {
            observer.observe(.erasureJournalFailed(ledger: ledger.origin.text, reason: fault.description))
            // Paths are for the operator.
            throw StoreError(
                .unavailable,
                "the erasure is done and recorded under entry \(seqs[0]), but the journal of erasures cannot be "
                    + "written; an operator sees to that file (--erasure-journal) and starts the service again, which "
                    + "writes what is missing")
        }
    }

    /// The erasures whose entries are not there.
    private func lost(_ records: [ErasureRecord], in ledger: StoredLedger) async throws(StoreError) -> [ErasureRecord] {
        guard !records.isEmpty else { return [] }
        return try await read { connection, deadline in
            let hashes = try await Self.leafHashes(of: records.map(\.seq), in: ledger, connection, deadline)
            return records.filter { hashes[$0.seq] != $0.leafHash }
        }
    }

    private func eraseAgain(
        _ record: ErasureRecord, in ledger: StoredLedger, reporter: Reporter, timeout: Duration,
        adding erasure: inout Erasure
    ) async throws {
        let found = try await find(record, in: ledger)
        guard found.isThere else { return }
        try requireKeys(of: ledger)
        let data = record.data + [JSONValue.Member("reapplied", .integer(record.seq))]
        guard record.pseudonym != nil else {
            return try await eraseAll(found, data, in: ledger, reporter: reporter, timeout: timeout, adding: &erasure)
        }
        let run = ErasureRun(
            store: self, ledger: ledger, reporter: reporter, data: data, requester: nil, pseudonym: record.pseudonym,
            tag: nil, holds: nil, isWhole: !record.hasMore, timeout: timeout)
        try await run.erase(found.seqs, searchedSize: found.size, adding: &erasure)
    }

    /// What a retention erased: everybody's values.
    private func eraseAll(
        _ found: Restored, _ data: [JSONValue.Member], in ledger: StoredLedger, reporter: Reporter, timeout: Duration,
        adding erasure: inout Erasure
    ) async throws {
        for start in stride(from: 0, to: found.touched.count, by: ErasureUnit.touchedMax) {
            let touched = found.touched[start..<min(start + ErasureUnit.touchedMax, found.touched.count)]
            let unit = ErasureUnit(
                ledger: ledger, reporter: reporter, event: .retention, data: data, requester: nil, pseudonym: nil,
                touched: Array(touched), seqs: SeqRanges(ascending: touched.map(\.seq)), size: nil,
                holds: nil, last: nil)
            try await append(unit, timeout: timeout, adding: &erasure)
        }
    }

    private struct Restored: Sendable {
        var size = 0
        var seqs: [Int] = []
        var touched: [Touched] = []
        var hasMapping = false

        /// Whether there is anything to erase again.
        var isThere: Bool { !touched.isEmpty || hasMapping }
    }

    /// - Parameter isLater: whether entries are found as well that the record does not list, and that came in since.
    private func find(
        _ record: ErasureRecord, in ledger: StoredLedger, isLater: Bool = true
    ) async throws(StoreError) -> Restored {
        try await read(timeout: Self.searchTimeout) { connection, deadline in
            var found = Restored()
            found.size = try await Self.size(of: ledger, connection, deadline)
            let search = ErasureSearch(ledger: ledger, connection: connection, deadline: deadline, size: found.size)
            var seqs: Set<Int> = []
            for block in try await Self.same(record.blocks, in: ledger, size: found.size, connection, deadline) {
                seqs.formUnion(block)
            }
            if let pseudonym = record.pseudonym, !record.hasMore {
                // What came in about the person after the restore, before somebody thought of the journal.
                if isLater { seqs.formUnion(try await search.entries(about: [pseudonym])) }
                found.hasMapping = try await !connection.query(
                    """
                    SELECT FROM countersign.subjects
                    WHERE ledger_id = \(ledger.id) AND pseudonym = \(pseudonym.bytes) LIMIT 1
                    """, deadline: deadline
                ).isEmpty
            }
            found.seqs = seqs.sorted()
            for start in stride(from: 0, to: found.seqs.count, by: ErasureUnit.touchedMax) {
                let page = found.seqs[start..<min(start + ErasureUnit.touchedMax, found.seqs.count)]
                found.touched += try await search.touched(page, erasing: record.pseudonym)
            }
            return found
        }
    }

    /// The parts of the blocks that are the same entries as then. Where the ledger ends within a block, its first entry
    /// speaks for those that are there.
    private static func same(
        _ blocks: [ErasureRecord.Block], in ledger: StoredLedger, size: Int, _ connection: Connection,
        _ deadline: ContinuousClock.Instant
    ) async throws -> [ClosedRange<Int>] {
        let ends = Set(blocks.flatMap { [$0.range.lowerBound, $0.range.upperBound] })
        let hashes = try await leafHashes(of: Array(ends), in: ledger, connection, deadline)
        return blocks.compactMap { block in
            if hashes[block.range.upperBound] == block.lastHash { return block.range }
            guard block.range.contains(size - 1), hashes[block.range.lowerBound] == block.firstHash else { return nil }
            return block.range.lowerBound...size - 1
        }
    }

    /// Writes what the database knows of and the journal lacks.
    private func complete(_ known: [ErasureRecord], of ledgers: [StoredLedger]) async throws {
        for (ledger, seqs) in try await unwritten(known, of: ledgers) {
            // One at a time: the list of one may fill a line.
            for seq in seqs { try await journalize([seq], of: ledger) }
        }
    }

    /// The erasures that the database knows of and `known` lacks, ledger by ledger.
    private func unwritten(
        _ known: [ErasureRecord], of ledgers: [StoredLedger]
    ) async throws -> [(ledger: StoredLedger, seqs: [Int])] {
        // All ledgers at once: there may be a thousand, and most have erased nothing.
        let stored = try await read { connection, deadline in
            try await connection.query(
                "SELECT DISTINCT ledger_id, erased_by FROM countersign.erased_ranges", deadline: deadline
            ).map { (ledger: try $0.id(0), seq: try $0.int(1, in: Entry.seqs)) }
        }
        let written = Set(known.map(\.leafHash))
        var unwritten: [(ledger: StoredLedger, seqs: [Int])] = []
        for (id, seqs) in Dictionary(grouping: stored, by: \.ledger) {
            guard let ledger = ledgers.first(where: { $0.id == id }) else { continue }
            let hashes = try await read { connection, deadline in
                try await Self.leafHashes(of: seqs.map(\.seq), in: ledger, connection, deadline)
            }
            unwritten.append((ledger, hashes.filter { !written.contains($0.value) }.keys.sorted()))
        }
        return unwritten
    }

    private func records(of seqs: [Int], in ledger: StoredLedger) async throws(StoreError) -> [ErasureRecord] {
        try await read { connection, deadline in
            let rows = try await connection.query(
                """
                SELECT e.line, e.leaf_hash
                FROM unnest(\(seqs.map(Int64.init))) AS t (seq) CROSS JOIN LATERAL (
                    SELECT line, leaf_hash FROM countersign.entries
                    WHERE ledger_id = \(ledger.id) AND seq = t.seq LIMIT 1
                ) e
                """, deadline: deadline)
            var records: [ErasureRecord] = []
            for row in rows {
                guard let entry = try? Entry(line: Array(row.text(0).utf8)), let hash = Digest(try row.bytes(1)),
                    let blocks = ErasureRecord.seqs(of: entry)?.blocks
                else { continue }
                let ends = Set(blocks.flatMap { [$0.lowerBound, $0.upperBound] })
                let hashes = try await Self.leafHashes(of: Array(ends), in: ledger, connection, deadline)
                if let record = ErasureRecord(entry, leafHash: hash, hash: { hashes[$0] }) { records.append(record) }
            }
            return records
        }
    }

    private static func leafHashes(
        of seqs: [Int], in ledger: StoredLedger, _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> [Int: Digest] {
        let rows = try await connection.query(
            """
            SELECT t.seq, e.leaf_hash
            FROM unnest(\(seqs.map(Int64.init))) AS t (seq) CROSS JOIN LATERAL (
                SELECT leaf_hash FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = t.seq LIMIT 1
            ) e
            """, deadline: deadline)
        var hashes: [Int: Digest] = [:]
        for row in rows { hashes[try row.int(0, in: Entry.seqs)] = Digest(try row.bytes(1)) }
        return hashes
    }
}
