import Files
import Ledger
import LedgerStore

/// One import: appends batches in the order of their lines. While one commits, the next is drawn up.
struct ImportRun {
    /// How long a database that is away is waited for.
    private static let patience = Duration.seconds(120)
    private static let pause = Duration.seconds(1)
    /// Reasons of skipped lines that are told one by one.
    private static let reasonsMax = 20

    /// What has been done so far.
    struct Tally {
        var lines = 0
        var imported = 0
        /// Recognised by their keys: in the ledger already.
        var skipped = 0
        var bad = 0
    }

    private let store: LedgerStore
    private let batches: ImportBatches
    private let rejected: OutputFile?
    private let progress: ProgressBar
    private(set) var tally = Tally()

    init(_ batches: ImportBatches, store: LedgerStore, rejected: OutputFile?, progress: ProgressBar) {
        self.batches = batches
        self.store = store
        self.rejected = rejected
        self.progress = progress
    }

    /// Imports up to the end of the source, or up to the first bad line if those are not to be skipped.
    mutating func run() async throws {
        var current = try await nextBatch()
        while let batch = current {
            try Task.checkCancellation()
            let batches = batches
            let isLast = batch.bad.isEmpty == false && rejected == nil
            async let following = isLast ? nil : batches.next()
            let mismatched = try await append(batch.drawn)
            for bad in (batch.bad + mismatched).sorted(by: { $0.line.number < $1.line.number }) { try setAside(bad) }
            tally.lines += batch.lineCount
            progress.update(
                done: tally.lines,
                fraction: batches.lines.size.map { $0 == 0 ? 1 : Double(batch.end) / Double($0) })
            do {
                current = try await following
            } catch let fault as LineReader.Fault {
                throw badLine(fault.lineNumber, fault.reason)
            }
        }
    }

    private func nextBatch() async throws -> ImportBatch? {
        do {
            return try await batches.next()
        } catch let fault as LineReader.Fault {
            throw badLine(fault.lineNumber, fault.reason)
        }
    }

    /// Appends the entries of one batch. A line whose key stands for something else already is a bad line; the others
    /// go on without it if bad lines are to be skipped.
    ///
    /// - Returns: those lines.
    private mutating func append(_ drawn: [ImportBatch.Drawn]) async throws -> [ImportBatch.BadLine] {
        var rest = drawn
        var mismatched: [ImportBatch.BadLine] = []
        while !rest.isEmpty {
            do throws(StoreError) {
                let placed = try await appendPatiently(AppendUnit(rest.map(\.item)))
                let skipped = placed.count { $0.replayed }
                tally.skipped += skipped
                tally.imported += placed.count - skipped
                break
            } catch {
                let position = error.index ?? 0
                if error.code == .idempotencyErased {
                    // It is in the ledger already, though its sealed values are not any more.
                    tally.skipped += 1
                    rest.remove(at: position)
                    continue
                }
                guard error.code == .idempotencyMismatch else { throw error }
                let bad = ImportBatch.BadLine(
                    line: rest[position].line, reason: "its idempotency_key was used for other content before")
                if rejected == nil {
                    // What stands before the bad line is imported, as everywhere else in the file.
                    _ = try await append(Array(rest[..<position]))
                    throw badLine(bad.line.number, bad.reason)
                }
                mismatched.append(bad)
                rest.remove(at: position)
            }
        }
        return mismatched
    }

    /// Repeating is safe, every entry has a key: a database that restarts does not end an import.
    private func appendPatiently(_ unit: AppendUnit) async throws(StoreError) -> [Placed] {
        let end = ContinuousClock.now + Self.patience
        while true {
            do throws(StoreError) {
                return try await store.append(unit, to: batches.ledger, deadline: OpenStore.appendDeadline)
            } catch {
                let mayPass = error.code == .unavailable || error.code == .inProgress
                guard mayPass, ContinuousClock.now < end, !Task.isCancelled else { throw error }
                progress.say("waiting: \(error.reason)")
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    private mutating func setAside(_ bad: ImportBatch.BadLine) throws {
        guard let rejected else { throw badLine(bad.line.number, bad.reason) }
        try rejected.write(bad.line.bytes + [0x0A])
        tally.bad += 1
        if tally.bad <= Self.reasonsMax { progress.say("line \(bad.line.number) skipped: \(bad.reason)") }
        if tally.bad == Self.reasonsMax + 1 { progress.say("more lines are skipped; their reasons are not shown") }
    }

    private func badLine(_ number: Int, _ reason: String) -> Complaint {
        Complaint(
            "line \(number): \(reason)",
            next: "correct the line and run the same command again (what is imported is skipped), "
                + "or add --skip-bad FILE to write bad lines aside",
            status: .notGood)
    }
}
