package import Ledger
import Postgres

extension LedgerStore {
    /// How often a page begins anew where holds came or went meanwhile.
    private static let pageAttemptsMax = 8

    /// Erases the sealed values of all entries recorded before `moment`, but for those that a legal hold covers. Each
    /// unit is one `access/erased` entry, or a few, so what was done stays done when it is cut off.
    ///
    /// - Parameters:
    ///   - isDryRun: whether it only counts.
    ///   - timeout: how long each append may take.
    ///   - progress: called after each unit with the place reached, and the last.
    package func applyRetention(
        of ledger: StoredLedger, before moment: Timestamp, isDryRun: Bool, reporter: Reporter, timeout: Duration,
        progress: @Sendable (_ done: Int, _ last: Int) -> Void = { _, _ in }
    ) async throws -> Retention {
        var retention = Retention()
        let size = try await head(of: ledger).size
        let last = try await range(of: ledger, from: nil, to: moment, size: size).upperBound
        var next = 0
        var held: HeldEntries?
        while next < last {
            try Task.checkCancellation()
            next = try await eraseNext(
                next..<last, &held, of: ledger, before: moment, isDryRun: isDryRun, reporter: reporter,
                timeout: timeout, adding: &retention)
            progress(next, last)
        }
        return retention
    }

    /// Erases one page.
    ///
    /// - Parameter held: what the holds cover, looked up once and again when holds come or go.
    /// - Returns: where the next one begins.
    private func eraseNext(
        _ range: Range<Int>, _ held: inout HeldEntries?, of ledger: StoredLedger, before moment: Timestamp,
        isDryRun: Bool, reporter: Reporter, timeout: Duration, adding retention: inout Retention
    ) async throws -> Int {
        for _ in 0..<Self.pageAttemptsMax {
            let current: HeldEntries
            if let held { current = held } else { current = try await heldEntries(of: ledger) }
            held = current
            let page = try await page(of: ledger, in: range, before: moment, current)
            if !isDryRun, !page.touched.isEmpty {
                let unit = ErasureUnit(
                    ledger: ledger, reporter: reporter, event: .retention,
                    data: [.init("before", .string(moment.text))], requester: nil, pseudonym: nil,
                    touched: page.touched, seqs: page.seqs, size: nil, holds: page.holds, last: nil)
                var erasure = Erasure()
                do {
                    try await append(unit, timeout: timeout, adding: &erasure)
                } catch let error as StoreError where error.code == .inProgress {
                    held = nil
                    continue
                }
                retention.erasedBy += erasure.erasedBy
            }
            retention.erasedCount += page.touched.count
            retention.heldCount += page.heldCount
            return page.next
        }
        throw ErasureUnit.changed
    }

    fileprivate struct Page: Sendable {
        var touched: [Touched] = []
        var seqs = SeqRanges()
        var heldCount = 0
        var holds: [String] = []
        var next: Int
    }

    private func heldEntries(of ledger: StoredLedger) async throws(StoreError) -> HeldEntries {
        try await read(timeout: Self.searchTimeout) { connection, deadline in
            let size = try await Self.size(of: ledger, connection, deadline)
            return try await HeldEntries(
                ErasureSearch(ledger: ledger, connection: connection, deadline: deadline, size: size))
        }
    }

    private func page(
        of ledger: StoredLedger, in range: Range<Int>, before moment: Timestamp, _ held: HeldEntries
    ) async throws(StoreError) -> Page {
        try await read(timeout: Self.searchTimeout) { connection, deadline in
            let rows = try await connection.query(
                """
                SELECT d.seq, e.line, d.disclosures, ARRAY[]::bytea[], e.recorded_at
                FROM (
                    SELECT seq, disclosures FROM countersign.disclosures
                    WHERE ledger_id = \(ledger.id) AND seq >= \(range.lowerBound) AND seq < \(range.upperBound)
                    ORDER BY seq LIMIT \(ErasureUnit.touchedMax)
                ) d
                CROSS JOIN LATERAL (
                    SELECT line, recorded_at FROM countersign.entries
                    WHERE ledger_id = \(ledger.id) AND seq = d.seq LIMIT 1
                ) e
                ORDER BY d.seq
                """, deadline: deadline)
            var page = Page(holds: held.ids, next: range.upperBound)
            for row in rows {
                let seq = try row.int(0, in: Entry.seqs)
                if rows.count == ErasureUnit.touchedMax { page.next = seq + 1 }
                guard try Timestamp(row.timestamp(4)) < moment else { continue }
                guard !held.covers(seq) else {
                    page.heldCount += 1
                    continue
                }
                guard let touched = try Touched(row, erasing: nil, isListed: false) else { continue }
                page.add(touched, passing: held)
            }
            return page
        }
    }
}

extension LedgerStore.Page {
    /// Adds an entry. Entries in between that seal nothing are listed with it, for the list to stay short; those that
    /// are held are not.
    fileprivate mutating func add(_ touched: Touched, passing held: HeldEntries) {
        let after = (seqs.ranges.last?.upperBound ?? touched.seq - 1) + 1
        let isClear = !(after..<touched.seq).contains(where: held.covers)
        seqs.append(isClear ? after...touched.seq : touched.seq...touched.seq)
        self.touched.append(touched)
    }
}
