import Cryptography
import Ledger
import Postgres

/// The SQL of one group: one transaction that locks the ledger, asks, and writes (ARCHITECTURE.md, "One append").
struct AppendTransaction {
    /// A table that gets at most so many rows from a group gets them by a prepared insert, all such in one pipeline;
    /// more rows go by binary COPY.
    static let pipelinedMax = 64
    /// Entries that are placed and sent at a time: about as much as the socket holds, for each piece wakes both sides.
    private static let pieceMax = 192

    let ledger: StoredLedger
    let connection: Connection
    let deadline: ContinuousClock.Instant

    /// What the database said under the lock.
    struct Reading {
        var head: TreeHead?
        var clockAcceptedUntil: Timestamp?
        var facts: GroupFacts
        /// The units of the group, those that are made under the lock included.
        var units: [AppendUnit]
    }

    /// Begins the transaction, locks the ledger's row and asks everything that the units need to know.
    ///
    /// All statements travel together; each one after the lock sees what was committed before the lock was given.
    ///
    /// - Parameters:
    ///   - asksForKeys: whether used idempotency keys are looked up. Otherwise all keys are taken for new, and the
    ///     primary key of their table refuses the group where one is not.
    ///   - isRepair: whether the ledger may be halted.
    func begin(_ units: [AppendUnit], asksForKeys: Bool, isRepair: Bool) async throws -> Reading {
        let questions = GroupQuestions(units, of: ledger.id, asksForKeys: asksForKeys)
        var statements: [Statement] = ["BEGIN", lockStatement, headStatement]
        statements += questions.statements
        statements += units.flatMap { $0.guards.map(\.statement) }
        let answers = try await connection.pipeline(statements, deadline: deadline)
        guard let lock = answers[1].first else {
            throw StoreError(.notFound, "the ledger is not in this database", committed: .no)
        }
        try requireKeys(lock)
        if let reason = try lock.textIfPresent(3), !isRepair { throw StoreError.halted(reason) }
        let head = answers[2].first
        guard let now = try head?.timestampIfPresent(2) else {
            throw StoreError(.halted, "the ledger has no head; run `countersign verify`", committed: .no)
        }
        var reading = Reading(facts: GroupFacts(now: Timestamp(now)), units: units)
        reading.clockAcceptedUntil = try lock.timestampIfPresent(2).map(Timestamp.init)
        if let head, let size = try head.intIfPresent(0, in: Entry.seqs), let root = Digest(try head.bytes(1)) {
            reading.head = TreeHead(size: size, root: root)
        }
        let guardsStart = 3 + questions.statements.count
        try questions.read(answers[3..<guardsStart], into: &reading.facts)
        try hearGuards(answers[guardsStart...], &reading)
        let composed = units.indices.filter { units[$0].compose != nil }.map { reading.units[$0] }
        if !composed.isEmpty { try await ask(about: composed, asksForKeys: asksForKeys, &reading.facts) }
        try await readErased(&reading.facts)
        return reading
    }

    /// Hears the guards, whose answers these are, and makes the units that are made of them.
    private func hearGuards(_ answers: ArraySlice<Rows>, _ reading: inout Reading) throws {
        var next = answers.startIndex
        var earlier = EarlierUnits()
        for (position, unit) in reading.units.enumerated() {
            let own = Array(answers[next..<next + unit.guards.count])
            next += unit.guards.count
            for (condition, rows) in zip(unit.guards, own) {
                let count = condition.counting.map { earlier.count(of: $0) } ?? 0
                if let refusal = try condition.judge(rows, count) { reading.facts.refused[position] = refusal }
            }
            guard reading.facts.refused[position] == nil else { continue }
            do {
                if let compose = unit.compose { reading.units[position] = try compose(own) }
                earlier.add(reading.units[position], knowing: reading.facts)
            } catch let error as StoreError {
                reading.facts.refused[position] = error
            }
        }
    }

    /// Asks what units that were made under the lock need to know.
    private func ask(about units: [AppendUnit], asksForKeys: Bool, _ facts: inout GroupFacts) async throws {
        let questions = GroupQuestions(units, of: ledger.id, asksForKeys: asksForKeys, withTokens: false)
        guard !questions.statements.isEmpty else { return }
        let answers = try await connection.pipeline(questions.statements, deadline: deadline)
        try questions.read(answers[...], into: &facts)
    }

    /// Reads the entries of used keys whose requests were erased: what they say in clear is all that is left to
    /// compare.
    private func readErased(_ facts: inout GroupFacts) async throws {
        let seqs = facts.usedKeys.values.filter(\.isRequestErased).flatMap { $0.firstSeq..<$0.firstSeq + $0.count }
        guard !seqs.isEmpty else { return }
        let rows = try await connection.query(
            """
            SELECT s.seq, e.line
            FROM unnest(\(seqs.map(Int64.init))) AS s (seq)
            CROSS JOIN LATERAL (
                SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = s.seq LIMIT 1
            ) e
            """, deadline: deadline)
        for row in rows { facts.erasedLines[try row.int(0, in: Entry.seqs)] = Array(try row.text(1).utf8) }
    }

    /// Who reported the entries.
    func reporters(of seqs: Set<Int>) async throws -> [Int: String] {
        guard !seqs.isEmpty else { return [:] }
        let rows = try await connection.query(
            """
            SELECT s.seq, e.line
            FROM unnest(\(seqs.map(Int64.init))) AS s (seq)
            CROSS JOIN LATERAL (
                SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = s.seq LIMIT 1
            ) e
            """, deadline: deadline)
        var reporters: [Int: String] = [:]
        for row in rows {
            reporters[try row.int(0, in: Entry.seqs)] = (try? Entry(line: Array(try row.text(1).utf8)))?.reporterID
        }
        return reporters
    }

    /// Places the entries of a large group and writes them meanwhile: the database works on some of them while the
    /// next are laid out.
    func copyEntries(of group: inout SequencedGroup) async throws {
        var isCopying = false
        var isMore = true
        while isMore {
            isMore = group.place(Self.pieceMax)
            let entries = group.takeEntries()
            guard entries.rowCount > 0 else { continue }
            if !isCopying { try await connection.beginCopyIn(entries.copyStatement, deadline: deadline) }
            isCopying = true
            try await connection.sendRows(entries.columns.map(\.values), deadline: deadline)
        }
        if isCopying { try await connection.endCopyIn(deadline: deadline) }
    }

    /// Writes rows, the head of the tree that they make, and effects, and commits. Whatever is thrown once COMMIT
    /// was sent leaves the outcome unknown, unless the server itself refused.
    func commit(_ batches: [ColumnBatch], effects: [Statement], tree: TreeState) async throws {
        try await commit(after: statements(batches, effects: effects, tree: tree))
    }

    /// Writes the same within the transaction; `commit()` ends it.
    func write(_ batches: [ColumnBatch], effects: [Statement], tree: TreeState) async throws {
        try await connection.pipeline(statements(batches, effects: effects, tree: tree), deadline: deadline)
    }

    /// Commits what was written.
    func commit() async throws { try await commit(after: []) }

    private func commit(after statements: [Statement]) async throws {
        let answers = try await connection.pipeline(statements + ["COMMIT"], deadline: deadline)
        guard let commit = answers.last, commit.command == "COMMIT", !commit.hasWarning else {
            throw StoreError(.unavailable, "the database warned about the commit", committed: .unknown)
        }
    }

    /// The effects come after the head: the database holds them to entries that stand in the chain, below the head.
    private func statements(
        _ batches: [ColumnBatch], effects: [Statement], tree: TreeState
    ) async throws -> [Statement] {
        let head: Statement = """
            INSERT INTO countersign.heads (ledger_id, size, root)
            VALUES (\(ledger.id), \(tree.size), \(tree.root.bytes))
            """
        return try await copyLarge(batches) + [head] + effects
    }

    /// Writes what is large; gives the statements that write the rest.
    private func copyLarge(_ batches: [ColumnBatch]) async throws -> [Statement] {
        var statements: [Statement] = []
        for batch in batches {
            if batch.rowCount <= Self.pipelinedMax {
                statements.append(batch.insert)
            } else {
                try await connection.copyIn(
                    batch.copyStatement, columns: batch.columns.map(\.values), deadline: deadline)
            }
        }
        return statements
    }

    /// The places of entries that stood before the group.
    func places(of seqs: Set<Int>) async throws -> [Int: Placed] {
        guard !seqs.isEmpty else { return [:] }
        let rows = try await connection.query(
            """
            SELECT s.seq, e.leaf_hash, e.recorded_at
            FROM unnest(\(seqs.map(Int64.init))) AS s (seq)
            CROSS JOIN LATERAL (
                SELECT leaf_hash, recorded_at FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = s.seq
                LIMIT 1
            ) e
            """, deadline: deadline)
        var places: [Int: Placed] = [:]
        for row in rows {
            guard let leafHash = Digest(try row.bytes(1)) else { continue }
            let seq = try row.int(0, in: Entry.seqs)
            places[seq] = Placed(
                seq: seq, leafHash: leafHash, recordedAt: Timestamp(try row.timestamp(2)), replayed: true)
        }
        return places
    }

    /// Whether the entry at `seq` is the one with `leafHash`. It takes the ledger's lock first, so that the transaction
    /// that may have written it is over.
    func isStored(seq: Int, leafHash: [UInt8]) async throws -> Bool {
        let answers = try await connection.pipeline(
            [
                "BEGIN", lockStatement,
                "SELECT leaf_hash FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = \(seq)",
                "COMMIT",
            ], deadline: deadline)
        // Its own commit waited for the standby as the other one should have.
        guard !answers[3].hasWarning else {
            throw StoreError(.unavailable, "the database warned about the commit", committed: .unknown)
        }
        return try answers[2].first?.bytes(0) == leafHash
    }

    /// The right edge of the tree at `size`, from the tiles and the entries, checked against the head's root.
    func tree(size: Int, root: Digest?) async throws -> TreeState {
        let stored = try await TreeSQL.hashes(
            TileBuilder.neededHashes(size: size), of: ledger.id, connection, deadline)
        let last = try await connection.query(
            """
            SELECT leaf_hash, recorded_at FROM countersign.entries
            WHERE ledger_id = \(ledger.id) AND seq = \(size - 1)
            """, deadline: deadline)
        guard let builder = try? TileBuilder(size: size, from: stored), root == nil || builder.root == root,
            let row = last.first, let leafHash = Digest(try row.bytes(0))
        else {
            throw StoreError(
                .halted, "the stored head does not match the stored entries; run `countersign verify`", committed: .no)
        }
        return TreeState(
            builder: builder, lastLeafHash: leafHash, lastRecordedAt: Timestamp(try row.timestamp(1)))
    }

    private func requireKeys(_ lock: Row) throws {
        let checks = [(try lock.bytes(0), LedgerKeys.Purpose.idempotency), (try lock.bytes(1), .lookup)]
        for (stored, purpose) in checks
        where !ConstantTime.equal(stored, ledger.keys.checkValue(of: purpose)) {
            throw StoreError(
                .keyRefused,
                "the master secret does not give the ledger's \(purpose.rawValue) key; restore the file that it was "
                    + "made with (`countersign doctor` tells more)", committed: .no)
        }
    }
}

extension AppendTransaction {
    private var lockStatement: Statement {
        """
        SELECT idempotency_check, lookup_check, clock_accepted_until, halted FROM countersign.ledgers
        WHERE ledger_id = \(ledger.id) FOR NO KEY UPDATE
        """
    }

    /// A ledger that is being created has no head yet: the row then holds the time alone.
    private var headStatement: Statement {
        """
        SELECT h.size, h.root, clock_timestamp()
        FROM (VALUES (1)) AS one (row) LEFT JOIN LATERAL (
            SELECT size, root FROM countersign.heads WHERE ledger_id = \(ledger.id) ORDER BY size DESC LIMIT 1
        ) h ON true
        """
    }
}
