import Cryptography
import Ledger
import Postgres

/// Judges the rows of one chunk, each by itself: line, columns, sealed values, and what must stand beside them. Pure,
/// so that chunks can be judged at once.
struct ChunkCheck {
    /// What is the same for all chunks of a run.
    struct Context: Sendable {
        let origin: [UInt8]
        /// The ledger's keys, if they are at hand.
        let keys: LedgerKeys?
        let codes: SipHash
        /// Entries before this one are counted in `rollups`.
        var rollupsUntil = 0
        var storedRollups: Set<UInt128> = []
        /// Whether further keys are listed, to be looked up, rather than summed.
        var listsKeys: Bool
        /// What was erased of the entries of the range.
        var erasures = ErasureCoverage()
    }

    private let context: Context
    private var result = CheckedChunk()
    private var scanner = CanonicalScanner()
    private var reader = DisclosureReader()
    private var rowBytes = RowBytes()
    private var subjects: [UInt128] = []
    /// The sealed values of the present row: where each stands in the chunk, and what it says.
    private var disclosures: [(place: Range<Int>, content: DisclosureReader.Content?)] = []
    /// The digests that the line promises, with the name that each stands under.
    private var promised: [(name: EntryOutline.Token, digest: EntryOutline.Token)] = []

    static func check(_ chunk: [UInt8], _ context: Context) throws(PostgresError) -> CheckedChunk {
        var check = ChunkCheck(context)
        check.result.byteCount = chunk.count
        var reader = CopyReader(chunk)
        while try reader.nextRow() { check.check(try StoredRow(&reader, chunk), chunk) }
        return check.result
    }

    private init(_ context: Context) {
        self.context = context
    }

    private mutating func check(_ row: StoredRow, _ chunk: [UInt8]) {
        let line = chunk.span.extracting(row.line)
        var checked = CheckedChunk.Row(seq: row.seq, leafHash: row.leafHash, computed: TreeHash.leaf(line))
        do throws(Entry.Fault) {
            let entry = try EntryOutline(line, &scanner)
            subjects.removeAll(keepingCapacity: true)
            try entry.forEachSubject(line, scanner) { subjects.append($0) }
            checked.entry = CheckedChunk.Envelope(
                seq: entry.seq, previous: entry.previous, recordedAt: entry.recordedAt,
                isOfLedger: ColumnTexts(chunk: chunk, line: row.line).text(entry.ledger, is: context.origin),
                idempotencyTag: entry.idempotencyTag)
            checked.findings = row.differences(from: entry, chunk)
            let erased = context.erasures.erased(at: entry.seq)
            if let finding = disclosureFinding(of: entry, row, chunk) {
                checked.findings.append(finding)
            } else {
                addSuspect(of: entry, row, chunk, erased)
            }
            addPeople(of: entry, erased)
            addLookupKeys(of: entry, row, chunk)
            addRollup(of: entry, row, chunk)
            addAdministration(of: entry, row, chunk)
        } catch {
            checked.fault = error
        }
        result.rows.append(checked)
    }

    // MARK: Sealed values

    /// What is wrong with the sealed values. Notes their contents on the way.
    private mutating func disclosureFinding(of entry: EntryOutline, _ row: StoredRow, _ chunk: [UInt8]) -> Finding? {
        promised.removeAll(keepingCapacity: true)
        entry.forEachSealed(scanner) { promised.append(($0, $1)) }
        if !promised.isEmpty { result.sealedCount += 1 }
        readDisclosures(row, chunk)
        func finding(_ check: Finding.Check, _ reason: String) -> Finding {
            Finding(check, seq: row.seq, table: "disclosures", reason)
        }
        if promised.isEmpty, !disclosures.isEmpty { return finding(.orphan, "the entry seals nothing") }
        if row.disclosures?.isEmpty ?? false {
            return finding(.disclosure, "a row of sealed values is there without any")
        }
        guard disclosures.count <= promised.count else {
            return finding(.disclosure, "the number of sealed values differs from the line")
        }
        let line = chunk.span.extracting(row.line)
        // Erasures leave some of the values, in the order of their digests.
        var next = 0
        for disclosure in disclosures {
            let computed = SHA256.digest(chunk.span.extracting(disclosure.place))
            let isPartial = disclosures.count < promised.count
            while isPartial, next < promised.count,
                Digest(base64URL: line.extracting(promised[next].digest.range)) != computed
            {
                next += 1
            }
            guard next < promised.count else {
                return finding(.disclosure, "a sealed value matches no digest of the line that is left for it")
            }
            let promisedName = CanonicalScanner.content(of: promised[next].name, in: line)
            guard Digest(base64URL: line.extracting(promised[next].digest.range)) == computed else {
                let name = String(decoding: promisedName, as: UTF8.self)
                return finding(.disclosure, "a sealed value does not match its digest under \(name)")
            }
            guard disclosure.content?.name == promisedName else {
                return finding(.disclosure, "a sealed value stands under another name than its own")
            }
            next += 1
        }
        return nil
    }

    /// Notes an entry of whose sealed values not all are there, or some that should not be.
    private mutating func addSuspect(
        of entry: EntryOutline, _ row: StoredRow, _ chunk: [UInt8], _ erased: ErasureCoverage.Erased
    ) {
        guard disclosures.count < promised.count || !erased.isNothing, !promised.isEmpty else { return }
        let line = chunk.span.extracting(row.line)
        let state = SealedState(
            seq: entry.seq, missingCount: promised.count - disclosures.count, isEmpty: disclosures.isEmpty,
            otherCount: disclosures.count { $0.content?.isPerson != true }, peopleCount: people().count,
            hasPeople: promised.contains { promise in
                let name = CanonicalScanner.content(of: promise.name, in: line)
                return name == DisclosureReader.Content.recipient || name == DisclosureReader.Content.author
            }, subjects: subjects)
        if state.finding(erased) != nil { result.suspects.append(state) }
    }

    /// Sealed values are joined by `~`.
    private mutating func readDisclosures(_ row: StoredRow, _ chunk: [UInt8]) {
        disclosures.removeAll(keepingCapacity: true)
        guard let column = row.disclosures else { return }
        var start = column.lowerBound
        for end in column.lowerBound...column.upperBound {
            guard end == column.upperBound || chunk[end] == UInt8(ascii: "~") else { continue }
            if start < end { disclosures.append((start..<end, reader.read(chunk.span.extracting(start..<end)))) }
            start = end + 1
        }
    }

    /// The people whose addresses the sealed values hold, each once, in the order of the subjects.
    private mutating func addPeople(of entry: EntryOutline, _ erased: ErasureCoverage.Erased) {
        guard let keys = context.keys, !subjects.isEmpty, !disclosures.isEmpty else { return }
        let staying = erased.isNothing ? subjects : subjects.filter { !erased.pseudonyms.contains($0) }
        for (person, pseudonym) in zip(people(), staying) {
            let tag = keys.subjectTag(of: person)
            result.people.append((entry.seq, CheckedChunk.Person(tag: tag, pseudonym: pseudonym)))
        }
    }

    private func people() -> [[UInt8]] {
        var people: [[UInt8]] = []
        for name in [DisclosureReader.Content.recipient, DisclosureReader.Content.author] {
            for disclosure in disclosures where disclosure.content?.name == name {
                if let address = disclosure.content?.address, !people.contains(address) { people.append(address) }
            }
        }
        return people
    }

    // MARK: Rows beside the entries

    private mutating func addLookupKeys(of entry: EntryOutline, _ row: StoredRow, _ chunk: [UInt8]) {
        let isAttempt = chunk.span.extracting(row.line).extracting(entry.kind.range).spells("step_attempt")
        guard context.listsKeys || entry.hasAliasesOrLinks || isAttempt else {
            for (index, subject) in subjects.enumerated() where !subjects[..<index].contains(subject) {
                addKey(LookupKey.Name.subject.rawValue.utf8, subject, entry.seq)
            }
            return
        }
        let kind = CanonicalScanner.content(of: entry.kind, in: chunk.span.extracting(row.line))
        let keys = LookupKey.keys(
            kind: String(decoding: kind, as: UTF8.self), data: json(entry.data, row, chunk),
            workflow: json(entry.workflow, row, chunk),
            subjects: subjects.compactMap { Pseudonym($0.bigEndianBytes) })
        for key in keys {
            if context.listsKeys {
                result.entryKeys.append((entry.seq, key))
            } else {
                addKey(key.name.rawValue.utf8, key.number, entry.seq)
            }
        }
    }

    private mutating func addKey(_ name: String.UTF8View, _ tag: UInt128, _ seq: Int) {
        rowBytes.begin()
        rowBytes.append(name)
        rowBytes.append(tag)
        rowBytes.append(seq)
        result.entryKeySum.add(context.codes.code(of: rowBytes.bytes.span))
    }

    private mutating func addRollup(of entry: EntryOutline, _ row: StoredRow, _ chunk: [UInt8]) {
        guard entry.seq < context.rollupsUntil else { return }
        let line = chunk.span.extracting(row.line)
        rowBytes.begin()
        rowBytes.append(Int(entry.recordedAt.hour.microseconds))
        rowBytes.append(entry.sender?.lookUpForm(in: line) ?? [])
        appendText(entry.kind, line)
        appendText(entry.oversightMode, line)
        appendText(entry.outcome, line)
        appendText(entry.via, line)
        let code = context.codes.code(of: rowBytes.bytes.span)
        result.rollupCounts[code, default: 0] += 1
        guard !context.storedRollups.contains(code), result.strayRollups[code] == nil else { return }
        func text(_ token: EntryOutline.Token?) -> String {
            token.map { String(decoding: CanonicalScanner.content(of: $0, in: line), as: UTF8.self) } ?? ""
        }
        result.strayRollups[code] = RollupKey(
            hour: entry.recordedAt.hour, sender: Address.lookupForm(of: text(entry.sender)), kind: text(entry.kind),
            oversightMode: text(entry.oversightMode), outcome: text(entry.outcome), via: text(entry.via))
    }

    private mutating func appendText(_ text: EntryOutline.Token?, _ line: Span<UInt8>) {
        guard let text, !text.isEscaped else {
            return rowBytes.append(text.map { CanonicalScanner.content(of: $0, in: line) } ?? [])
        }
        rowBytes.append(line.extracting(text.range))
    }

    private mutating func addAdministration(of entry: EntryOutline, _ row: StoredRow, _ chunk: [UInt8]) {
        let kind = chunk.span.extracting(row.line).extracting(entry.kind.range)
        if kind.spells("verification") { addVerification(of: entry, row, chunk) }
        if kind.spells("report") { addReport(of: entry, row, chunk) }
        let isAccess = kind.spells("access")
        guard isAccess || kind.spells("policy"), let data = json(entry.data, row, chunk) else { return }
        result.administration.append(
            .init(
                seq: entry.seq, recordedAt: entry.recordedAt, isAccess: isAccess,
                isErased: isAccess && chunk.span.extracting(row.line).extracting(entry.outcome.range).spells("erased"),
                data: data, subject: subjects.first,
                reporter: String(
                    decoding: CanonicalScanner.content(
                        of: entry.reporterID, in: chunk.span.extracting(row.line)), as: UTF8.self)))
    }

    /// Notes what a check rests on and, of an identity's, its row.
    private mutating func addVerification(of entry: EntryOutline, _ row: StoredRow, _ chunk: [UInt8]) {
        let line = chunk.span.extracting(row.line)
        guard let data = ownData(of: entry, row, chunk) else { return }
        addEvidence(data["evidence"], of: entry)
        guard data["event"]?.text == "identity.verified", let identity = data["identity"]?.text else { return }
        rowBytes.begin()
        rowBytes.append(identity.utf8)
        rowBytes.append(entry.seq)
        appendText(entry.outcome, line)
        result.identityChecks[Array(identity.utf8), default: RowSum()].add(
            context.codes.code(of: rowBytes.bytes.span))
    }

    private mutating func addReport(of entry: EntryOutline, _ row: StoredRow, _ chunk: [UInt8]) {
        guard let data = ownData(of: entry, row, chunk), data["event"]?.text == "dmarc_report.received" else { return }
        result.reports.append(entry.seq)
        addEvidence(data["mail"]?["evidence"], of: entry)
    }

    private mutating func addEvidence(_ digests: JSONValue?, of entry: EntryOutline) {
        for digest in digests?.elements ?? [] {
            if let digest = digest.text.flatMap({ Digest(hex: $0) }) { result.evidence.append((entry.seq, digest)) }
        }
    }

    /// What the service itself says in the entry; nil of a producer's, whose claims call for nothing.
    private func ownData(of entry: EntryOutline, _ row: StoredRow, _ chunk: [UInt8]) -> JSONValue? {
        let via = CanonicalScanner.content(of: entry.via, in: chunk.span.extracting(row.line))
        guard Reporter.Via(rawValue: String(decoding: via, as: UTF8.self))?.isProducer == false else { return nil }
        return json(entry.data, row, chunk)
    }

    private func json(_ token: EntryOutline.Token?, _ row: StoredRow, _ chunk: [UInt8]) -> JSONValue? {
        token.flatMap { token in
            let start = row.line.lowerBound
            return try? JSONReader.read(chunk, range: start + token.range.lowerBound..<start + token.range.upperBound)
        }
    }
}
