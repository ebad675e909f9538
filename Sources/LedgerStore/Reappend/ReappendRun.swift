import Cryptography
import Ledger
import Postgres

/// Appends the entries that a halted ledger lost, byte for byte, with all rows that stood beside them: all of them in
/// one transaction, or none.
struct ReappendRun {
    /// Entries that are written at a time, as far as they are not of one request.
    private static let groupMax = 1_000
    private static let timeout = Duration.seconds(60)

    private let connection: Connection
    private let ledger: StoredLedger
    private let plan: LostTail.Plan
    private let furtherEffects: LedgerStore.EntryEffect
    private let partitions: KnownPartitions
    private var tree: TreeState
    /// The line of the export that was taken last.
    private var lineNumber = 0
    /// Entries whose request may not be at its end.
    private var pending: [ExportedEntry] = []

    /// Begins the transaction.
    init(
        _ connection: Connection, _ ledger: StoredLedger, _ plan: LostTail.Plan,
        effects: @escaping LedgerStore.EntryEffect
    ) async throws {
        self.connection = connection
        self.ledger = ledger
        self.plan = plan
        furtherEffects = effects
        let transaction = AppendTransaction(
            ledger: ledger, connection: connection, deadline: .now + Self.timeout)
        // Outside the transaction, as for every append.
        let partitions = KnownPartitions()
        try await partitions.ensure(size: plan.lost.lowerBound, connection, transaction.deadline)
        self.partitions = partitions
        guard let head = try await transaction.begin([], asksForKeys: false, isRepair: true).head,
            head.size == plan.lost.lowerBound
        else { throw StoreError(.inProgress, "the ledger changed meanwhile", committed: .no) }
        tree = try await transaction.tree(size: head.size, root: head.root)
        // A long export keeps the transaction waiting.
        _ = try await connection.query(
            "SET LOCAL idle_in_transaction_session_timeout = 0", deadline: transaction.deadline)
    }

    /// Takes the next lines of the export that the plan was made of; what is not lost is passed over.
    mutating func append(_ lines: [[UInt8]]) async throws {
        for line in lines {
            lineNumber += 1
            guard lineNumber >= plan.firstLine else { continue }
            guard let exported = try? ExportedEntry(line) else { throw Self.changed }
            // Several exports after one another repeat entries.
            let next = tree.size + pending.count
            if exported.entry.seq == next, next < plan.lost.upperBound { pending.append(exported) }
        }
        while let count = nextGroup() { try await write(count) }
    }

    /// Commits. Call it after the last line.
    mutating func commit() async throws {
        if !pending.isEmpty { try await write(pending.count) }
        guard tree.size == plan.lost.upperBound else { throw Self.changed }
        try await transaction.commit()
    }

    private static let changed = StoreError(
        .internal, "the export is not the one that was checked; nothing was written", committed: .no)

    private var transaction: AppendTransaction {
        AppendTransaction(ledger: ledger, connection: connection, deadline: .now + Self.timeout)
    }

    /// How many of the pending entries are the next group; nil if more lines decide.
    private func nextGroup() -> Int? {
        for index in pending.indices.dropFirst() {
            let (before, next) = (pending[index - 1].entry, pending[index].entry)
            // An erasure is alone: it has to see what earlier ones have left.
            if LostErasure(before) != nil || LostErasure(next) != nil { return index }
            let isOneRequest = next.idempotencyTag != nil && next.idempotencyTag == before.idempotencyTag
            if index >= Self.groupMax, !isOneRequest { return index }
        }
        return nil
    }

    /// Writes the first `count` of the pending entries.
    private mutating func write(_ count: Int) async throws {
        let transaction = transaction
        let entries = pending.prefix(count)
        let values = entries.map { exported in
            LostValues(exported, ledger.keys, erased: plan.erasures.erased(at: exported.entry.seq))
        }
        let tags = values.flatMap { $0.people.map(\.tag) }
        var known = TagTable<Pseudonym>()
        try GroupQuestions.read(
            try await connection.query(
                GroupQuestions.subjects(tags, of: ledger.id), deadline: transaction.deadline), into: &known)
        var group = LostGroup(ledger, tree: tree, known: known)
        for (exported, values) in zip(entries, values) {
            let entry = exported.entry
            guard entry.seq == group.tree.size, entry.previous == group.tree.lastLeafHash else { throw Self.changed }
            guard values.isComplete else { throw LostTail.Fault.valuesMissing(entries: 1, first: entry.seq) }
            group.add(exported, values, effects: try await effects(of: entry))
            guard plan.expected.allow(group.tree.size, group.tree.root) else { throw Self.changed }
        }
        // Those of a long tail are made as it grows, within the transaction: nobody makes them far ahead.
        if group.tree.size > partitions.until {
            try await partitions.ensure(size: tree.size, connection, transaction.deadline)
        }
        try await self.transaction.write(group.takeBatches(), effects: group.effects, tree: group.tree)
        tree = group.tree
        pending.removeFirst(count)
    }

    private func effects(of entry: Entry) async throws -> [Statement] {
        guard let erasure = LostErasure(entry) else {
            return EntryEffects.statements(of: entry, in: ledger) + furtherEffects(entry)
        }
        let effects = ErasureEffects(ledger: ledger, seq: entry.seq, pseudonym: erasure.pseudonym)
        return effects.erase(erasure.seqs, try await touched(erasure))
            + (erasure.forgets ? effects.forget(tag: nil) : [])
    }

    /// What an erasure does to entries that were not lost. Of the lost ones nothing is written that one erased.
    private func touched(_ erasure: LostErasure) async throws -> [Touched] {
        var touched: [Touched] = []
        var page: [Int] = []
        for range in erasure.seqs.ranges {
            for seq in range where seq < plan.lost.lowerBound {
                page.append(seq)
                guard page.count == ErasureUnit.touchedMax else { continue }
                touched += try await self.touched(page, erasure)
                page = []
            }
        }
        return try await touched + self.touched(page, erasure)
    }

    private func touched(_ seqs: [Int], _ erasure: LostErasure) async throws -> [Touched] {
        try await ErasureSearch(
            ledger: ledger, connection: connection, deadline: .now + Self.timeout, size: erasure.seq
        ).touched(seqs, erasing: erasure.pseudonym)
    }
}
