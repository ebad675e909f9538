import Cryptography
import Ledger
import Observation
import Postgres

/// What to verify.
package struct VerificationOptions: Sendable {
    /// Entries before this one are taken as verified; the tree up to them is read from the stored hashes.
    package var since = 0
    /// A tree that was seen before, or elsewhere: the ledger must contain it.
    package var expected: TreeHead?

    package init(since: Int = 0, expected: TreeHead? = nil) {
        self.since = since
        self.expected = expected
    }
}

extension LedgerStore {
    /// Re-reads and re-hashes every stored line and derives again everything that follows from it: columns, keys,
    /// sealed values, tiles, heads, hours, rollups, tokens.
    ///
    /// - Parameter progress: called after each range with the number of entries done and of all.
    package func verify(
        _ ledger: StoredLedger, _ options: VerificationOptions = VerificationOptions(),
        progress: @escaping @Sendable (_ done: Int, _ size: Int) -> Void = { _, _ in }
    ) async throws(StoreError) -> VerificationReport {
        let started = ContinuousClock.now
        let connections = reads
        do {
            let deadline = ContinuousClock.now + Self.readTimeout
            var report = try await connections.withUnhurriedConnection(deadline: deadline) { connection in
                var verifier = Verifier(
                    ledger: ledger, options: options, connection: connection, connections: connections)
                return try await verifier.run(progress: progress)
            }
            report.seconds = (ContinuousClock.now - started).seconds
            observer.observe(
                .verificationFinished(
                    ledger: ledger.origin.text, entries: Int64(report.size - options.since),
                    broken: Int64(report.brokenCount),
                    seconds: report.seconds))
            return report
        } catch let error as StoreError {
            throw error
        } catch let error as PostgresError {
            throw StoreError(reading: error)
        } catch {
            throw StoreError(.internal, "the verification failed: \(type(of: error))")
        }
    }
}

extension ConnectionPool {
    /// Lends a connection whose statements, such as counts of whole tables, may take longer than a reader waits.
    func withUnhurriedConnection<Value>(
        deadline: ContinuousClock.Instant, _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        try await withConnection(deadline: deadline) { connection in
            _ = try await connection.query("SET statement_timeout = 0", deadline: deadline)
            let value = try await body(connection)
            _ = try await connection.query("RESET statement_timeout", deadline: .now + LedgerStore.readTimeout)
            return value
        }
    }
}

/// One run of verification over one ledger.
struct Verifier {
    /// Bytes that one range of entries should have at most; all of it is read in one transaction.
    private static let rangeBytesMax = 64 << 20
    /// Entries read at once where what they call for is listed.
    static let listedMax = 2_048
    /// Entries that may be missing at the end and are named one by one.
    private static let missingMax = 1 << 20
    /// How long one statement may take.
    static let statementTimeout = Duration.seconds(600)

    let ledger: StoredLedger
    let options: VerificationOptions
    let connection: Connection
    /// Where what is read beside the entries gets a connection of its own.
    private let connections: ConnectionPool
    var report: VerificationReport
    var expectations: Expectations
    var rows: CheckedRows
    var subjects: SubjectTable
    var unknownPeople: [(seq: Int, person: CheckedChunk.Person)] = []
    /// Sizes of the tree whose roots are asked for.
    var sizes: Set<Int> = []
    /// Bytes per entry, as the last range had them.
    private var entryBytes = Draft.lineSizeMax / 2

    init(
        ledger: StoredLedger, options: VerificationOptions, connection: Connection, connections: ConnectionPool
    ) {
        self.ledger = ledger
        self.options = options
        self.connection = connection
        self.connections = connections
        report = VerificationReport(origin: ledger.origin)
        let codes = SipHash.random()
        subjects = SubjectTable(codes: codes)
        // A partial run costs what is new; so it looks rows up and reads no table to its end.
        expectations = Expectations(codes: codes, listsKeys: options.since > 0)
        rows = CheckedRows(
            connection: connection, ledger: ledger.id,
            context: ChunkCheck.Context(
                origin: Array(ledger.origin.text.utf8), keys: ledger.keyFault == nil ? ledger.keys : nil,
                codes: expectations.codes, listsKeys: expectations.listsKeys))
    }

    var deadline: ContinuousClock.Instant { .now + Self.statementTimeout }

    mutating func run(progress: (Int, Int) -> Void) async throws -> VerificationReport {
        // What is read before the size is pinned lies within it.
        let watermark = options.since == 0 ? try await loadRollups() : nil
        if options.since == 0, ledger.keyFault == nil {
            try await subjects.load(ledger.id, connection, timeout: Self.statementTimeout)
        }
        let head = try await newestHead()
        report.size = head?.size ?? 0
        report.root = head?.root
        if head == nil { report.add(Finding(.head, table: "heads", "the ledger has no head")) }
        try await leaveOutWhatIsNotThere()
        guard options.since <= report.size else {
            report.add(Finding(.truncated, table: "heads", "the tree has \(report.size) entries only"))
            return report
        }
        if ledger.keyFault != nil {
            report.skip(
                "people's pseudonyms\(ledger.hasSecret ? "" : " and the keys' check values") were not checked, for the "
                    + "master secret is \(ledger.hasSecret ? "wrong" : "missing")")
        }
        rows.context.rollupsUntil = watermark ?? 0
        rows.context.storedRollups = Set(expectations.rollups.keys)
        async let stored = storedKeyRows()
        var chain = try await startingChain()
        var seq = options.since
        while seq < report.size {
            try Task.checkCancellation()
            let range = nextRange(from: seq)
            try await check(range, &chain)
            seq = range.upperBound
            progress(seq, report.size)
        }
        chain.finish(size: report.size, sizes: sizes, &report)
        try await checkTree(&chain, upTo: report.size)
        expectations.finish()
        if let stored = try await stored {
            try await checkSums(stored)
        } else {
            try await checkKeys(expectations.takeKeys())
        }
        try await checkWhole(watermark: watermark)
        checkExpected()
        return report
    }

    /// The rows that a full run compares as sums; nil in a partial one, which looks them up.
    private func storedKeyRows() async throws -> StoredKeyRows? {
        guard !expectations.listsKeys else { return nil }
        let (ledger, size, codes) = (ledger.id, report.size, expectations.codes)
        return try await connections.withUnhurriedConnection(deadline: .now + LedgerStore.readTimeout) { connection in
            try await StoredKeyRows(of: ledger, size: size, codes: codes, connection)
        }
    }

    /// Ranges end where sections end, and are the shorter the longer the entries are.
    private func nextRange(from seq: Int) -> Range<Int> {
        guard !expectations.listsKeys else { return seq..<min(seq + Self.listedMax, report.size) }
        let count = max(1, Self.rangeBytesMax / max(1, entryBytes))
        return seq..<min(seq + count, Section.range(Section.of(seq), upTo: report.size).upperBound)
    }

    private func newestHead() async throws -> TreeHead? {
        let row = try await connection.query(
            "SELECT size, root FROM countersign.heads WHERE ledger_id = \(ledger.id) ORDER BY size DESC LIMIT 1",
            deadline: deadline
        ).first
        guard let row, let root = Digest(try row.bytes(1)) else { return nil }
        return TreeHead(size: try row.int(0, clampedTo: Entry.claimedSeqs), root: root)
    }

    /// A head far beyond the entries was written by nobody who appends. What it counts is not looked for one by one.
    private mutating func leaveOutWhatIsNotThere() async throws {
        let last = try await connection.query(
            "SELECT seq FROM countersign.entries WHERE ledger_id = \(ledger.id) ORDER BY seq DESC LIMIT 1",
            deadline: deadline
        ).first
        let size = try last.map { try $0.int(0, clampedTo: Entry.claimedSeqs) + 1 } ?? 0
        guard report.size - size > Self.missingMax else { return }
        report.add(
            Finding(.head, table: "heads", "the newest head counts \(report.size) entries, of which \(size) are there"))
        report.size = size
        report.root = nil
    }

    private mutating func startingChain() async throws -> ChainCheck {
        if let expected = options.expected { sizes.insert(expected.size) }
        guard options.since > 0 else {
            return ChainCheck(
                builder: TileBuilder(), lastHash: ledger.origin.genesis, lastRecordedAt: nil)
        }
        report.skip(
            "entries before \(options.since), rollups, tokens, identities, DMARC reports, the ranges of erasures, "
                + "legal holds and counts of rows were not checked")
        try await loadSigningKeys(before: options.since)
        let transaction = AppendTransaction(ledger: ledger, connection: connection, deadline: deadline)
        if let expected = options.expected, expected.size <= options.since {
            expectations.rootOfExpected = try await transaction.tree(size: expected.size, root: nil).builder.root
        }
        let head = try await connection.query(
            "SELECT root FROM countersign.heads WHERE ledger_id = \(ledger.id) AND size = \(options.since)",
            deadline: deadline
        ).first
        // A size within a commit has no head of its own: then the stored hashes alone are taken, and the entry before
        // may be of the same request as the first one that is read.
        let tree = try await transaction.tree(size: options.since, root: try head.flatMap { Digest(try $0.bytes(0)) })
        if head == nil {
            expectations.keyRuns = KeyRuns(begunBefore: try await idempotencyTag(before: options.since))
        }
        return ChainCheck(
            builder: tree.builder, lastHash: tree.lastLeafHash,
            lastRecordedAt: tree.lastRecordedAt)
    }

    /// The key of the entry before `seq`, if there is such an entry and it has one.
    func idempotencyTag(before seq: Int) async throws -> UInt128? {
        let row = try await connection.query(
            "SELECT line FROM countersign.entries WHERE ledger_id = \(ledger.id) AND seq = \(seq - 1)",
            deadline: deadline
        ).first
        let entry = row.flatMap { try? Entry(line: Array($0.text(0).utf8)) }
        return entry?.idempotencyTag.flatMap { UInt128(bigEndian: $0.span) }
    }

    /// One range: the lines, and every row that follows from them.
    private mutating func check(_ range: Range<Int>, _ chain: inout ChainCheck) async throws {
        let heads = try await storedHeads(range)
        expectations.heads.merge(heads) { first, _ in first }
        expectations.checkpoints = try await storedCheckpoints(range)
        sizes = Set(expectations.heads.keys).union(expectations.checkpoints.keys)
        if let expected = options.expected { sizes.insert(expected.size) }
        rows.context.erasures = try await erasures(in: range)
        var suspects: [SealedState] = []
        var byteCount = 0
        try await rows.forEachChunk(of: range) { chunk in
            byteCount += chunk.byteCount
            for row in chunk.rows {
                chain.check(row, sizes: sizes, &report)
                for finding in row.findings { report.add(finding) }
                if let entry = row.entry { expectations.add(entry, place: row.seq) }
            }
            expectations.add(chunk, section: Section.of(range.lowerBound))
            suspects += chunk.suspects
            for (seq, person) in chunk.people where !subjects.meet(person) { unknownPeople.append((seq, person)) }
        }
        entryBytes = byteCount / range.count
        try await checkTree(&chain, upTo: range.upperBound)
        if expectations.listsKeys {
            try await checkEntryKeys(expectations.takeEntryKeys(), range)
            try await checkKeys(expectations.takeKeys())
        }
        try await judge(suspects, of: range)
        try await checkSubjects()
        try await checkEvidence(expectations.takeEvidence())
    }

    private func storedHeads(_ range: Range<Int>) async throws -> [Int: Digest] {
        let rows = try await connection.query(
            """
            SELECT size, root FROM countersign.heads
            WHERE ledger_id = \(ledger.id) AND size > \(range.lowerBound) AND size <= \(range.upperBound)
            """, deadline: deadline)
        var heads: [Int: Digest] = [:]
        for row in rows { heads[try row.int(0, clampedTo: Entry.claimedSeqs)] = Digest(try row.bytes(1)) }
        return heads
    }

    private mutating func checkExpected() {
        guard let expected = options.expected else { return }
        if expected.size > report.size {
            report.add(
                Finding(
                    .truncated, table: "heads",
                    "the tree has \(report.size) entries, but had \(expected.size) when its root was taken"))
        } else if expectations.rootOfExpected != expected.root {
            report.add(
                Finding(.truncated, table: "heads", "the tree of \(expected.size) entries has another root"))
        }
    }
}
