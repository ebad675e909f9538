import Cryptography
import Ledger

/// What the lines read so far say must stand in the tables beside them.
struct Expectations {
    /// A row of `checkpoints`, with that of `timestamps` beside it.
    struct Checkpoint {
        let note: String
        let token: [UInt8]?
        let stampedAt: Timestamp?
    }

    /// A row of `legal_holds`. Texts are bytes, for equal ones in Unicode's sense are not the same.
    struct Hold: Equatable {
        var pseudonym: [UInt8]?
        var messageID: [UInt8]?
        var firstSeq: Int?
        var lastSeq: Int?
        var reference: [UInt8]
        var heldSeq: Int
        var releasedSeq: Int?
    }

    /// A row of `rollups`, and how many of the entries that it counts have not been met yet.
    struct Rollup {
        let key: RollupKey
        /// What the row says; 0 if there is none.
        let stored: Int
        var remaining: Int

        init(key: RollupKey, stored: Int) {
            self.key = key
            self.stored = stored
            remaining = stored
        }

        /// How many entries were met.
        var expected: Int { stored - remaining }
    }

    /// Codes of rows: the same for what is expected and for what is stored.
    let codes: SipHash
    /// Whether rows are listed, to be looked up, rather than summed.
    let listsKeys: Bool
    var heads: [Int: Digest] = [:]
    /// The tree's root at the size that the caller expects, once it was reached.
    var rootOfExpected: Digest?
    var rollups: [UInt128: Rollup] = [:]
    /// The rows of `daily_rollups`, which count over all senders.
    var storedDailyRollups: [RollupKey: Int] = [:]
    var keyRuns = KeyRuns()
    private(set) var entryKeys: [(seq: Int, key: LookupKey)] = []
    private(set) var keys: [KeyRuns.Run] = []
    /// Sums of the rows of `entry_keys` and of `keys`, by the section that their entry lies in.
    private(set) var entryKeySums: [Int: RowSum] = [:]
    private(set) var keySums: [Int: RowSum] = [:]
    private(set) var hours: [(hour: Timestamp, firstSeq: Int)] = []
    private(set) var tokens: [String: TokenRow] = [:]
    /// The rows of `identities`, by the identity: the entry that set it, and the settings.
    private(set) var identities: [[UInt8]: (setSeq: Int, settings: [UInt8])] = [:]
    /// The rows of `identity_verifications`, by the identity.
    private(set) var identityChecks: [[UInt8]: RowSum] = [:]
    /// The rows of `dmarc_reports`, by their entries.
    private(set) var reports: Set<Int> = []
    /// The rows of `erased_ranges`, by the entry that lists them.
    private(set) var erasures: [Int: RowSum] = [:]
    /// `access/erased` entries that do not say what was erased.
    private(set) var unreadableErasures: [Int] = []
    /// People without a mapping, and the entry that took it away.
    private(set) var forgotten: [[UInt8]: Int] = [:]
    private(set) var holds: [String: Hold] = [:]
    private(set) var evidence: [(seq: Int, digest: Digest)] = []
    /// Up to when a standstill of the clock was accepted, and by which entry.
    private(set) var clockAccepted: (until: Timestamp, seq: Int)?
    /// What may be read without a token, and the entry that says so.
    private(set) var published: (level: PublicReads, seq: Int)?
    /// The entries that let the ledger go on after a halt.
    private(set) var resumed: Set<Int> = []
    /// The rows of `signing_keys`, in order.
    private(set) var signingKeys: [(seq: Int, key: NoteKey)] = []
    /// Entries that name a new key which the one before did not sign.
    private(set) var wrongRotations: [Int] = []
    /// Published checkpoints whose tree has not been reached yet, by size.
    var checkpoints: [Int: Checkpoint] = [:]
    private(set) var entryCount = 0
    private(set) var sealedCount = 0
    private var rowBytes = RowBytes()

    init(codes: SipHash, listsKeys: Bool) {
        self.codes = codes
        self.listsKeys = listsKeys
    }

    /// The rows of `daily_rollups` that follow from the hourly ones: `hour` is the day, and there is no sender.
    var expectedDailyRollups: [RollupKey: Int] {
        var daily: [RollupKey: Int] = [:]
        for rollup in rollups.values where rollup.expected > 0 {
            let day = RollupKey(
                hour: rollup.key.hour.day, sender: "", kind: rollup.key.kind, oversightMode: rollup.key.oversightMode,
                outcome: rollup.key.outcome, via: rollup.key.via)
            daily[day, default: 0] += rollup.expected
        }
        return daily
    }

    /// Adds what the entry read from `place` says about its key and its hour.
    mutating func add(_ entry: CheckedChunk.Envelope, place: Int) {
        entryCount += 1
        if let run = keyRuns.add(entry.idempotencyTag, at: entry.seq, place: place) { add(run) }
        let hour = entry.recordedAt.hour
        if hours.last?.hour != hour { hours.append((hour, entry.seq)) }
    }

    /// Adds what the entries of a chunk say beyond that.
    ///
    /// - Parameter section: where the chunk's entries lie.
    mutating func add(_ chunk: CheckedChunk, section: Int) {
        sealedCount += chunk.sealedCount
        entryKeys += chunk.entryKeys
        entryKeySums[section, default: RowSum()].add(chunk.entryKeySum)
        for (code, count) in chunk.rollupCounts {
            if let key = chunk.strayRollups[code] { rollups[code] = rollups[code] ?? Rollup(key: key, stored: 0) }
            rollups[code]?.remaining -= count
        }
        for (identity, sum) in chunk.identityChecks { identityChecks[identity, default: RowSum()].add(sum) }
        evidence += chunk.evidence
        reports.formUnion(chunk.reports)
        for deed in chunk.administration {
            switch (deed.isAccess, deed.data["event"]?.text) {
            case (true, _) where deed.isErased: addErasure(deed)
            case (true, "hold.placed"), (true, "hold.released"): addHold(deed)
            case (true, _): addToken(deed)
            case (false, "clock.accepted"): clockAccepted = (deed.recordedAt, deed.seq)
            case (false, "identity.set"): addIdentity(deed)
            case (false, "ledger.created"):
                if deed.seq == 0, let key = deed.data["key"]?.text { addSigningKey(key, at: 0) }
            case (false, "ledger.published"):
                let level = deed.data["level"]?.text.flatMap(PublicReads.init(rawValue:))
                if let level { published = (level, deed.seq) }
            case (false, "ledger.resumed"): resumed.insert(deed.seq)
            case (false, KeyRotation.event?): addRotation(deed)
            default: break
            }
        }
    }

    /// Call it after the last entry.
    mutating func finish() {
        if let run = keyRuns.finish() { add(run) }
    }

    private mutating func add(_ run: KeyRuns.Run) {
        guard !listsKeys else { return keys.append(run) }
        rowBytes.begin()
        rowBytes.append(run.tag)
        rowBytes.append(run.firstSeq)
        rowBytes.append(Int32(truncatingIfNeeded: run.count))
        keySums[Section.of(run.place), default: RowSum()].add(codes.code(of: rowBytes.bytes.span))
    }

    private mutating func addToken(_ deed: CheckedChunk.Administration) {
        if let row = TokenRow(granted: deed.data, by: deed.reporter, at: deed.seq) {
            tokens[row.id] = row
        } else if deed.data["event"]?.text == "token.revoked", let id = deed.data["token_id"]?.text {
            tokens[id]?.revokedSeq = deed.seq
        }
    }

    private mutating func addErasure(_ deed: CheckedChunk.Administration) {
        guard let seqs = SeqRanges(texts: deed.data["seqs"]?.elements ?? []),
            seqs.ranges.last?.upperBound ?? -1 < deed.seq
        else { return unreadableErasures.append(deed.seq) }
        let pseudonym = deed.data["pseudonym"]?.text.flatMap { Pseudonym(text: $0) }
        for range in seqs.blocks {
            let code = rowBytes.code(range, by: deed.seq, of: pseudonym?.bytes, codes)
            erasures[deed.seq, default: RowSum()].add(code)
        }
        guard let pseudonym, deed.data["more"] == nil else { return }
        forgotten[pseudonym.bytes] = deed.seq
    }

    private mutating func addHold(_ deed: CheckedChunk.Administration) {
        guard let id = deed.data["hold_id"]?.text else { return }
        guard deed.data["event"]?.text == "hold.placed" else {
            holds[id]?.releasedSeq = deed.seq
            return
        }
        holds[id] = Hold(
            pseudonym: deed.subject?.bigEndianBytes, messageID: deed.data["message_id"]?.text.map { Array($0.utf8) },
            firstSeq: deed.data["from_seq"]?.number, lastSeq: deed.data["to_seq"]?.number,
            reference: Array((deed.data["reference"]?.text ?? "").utf8), heldSeq: deed.seq)
    }

    private mutating func addIdentity(_ deed: CheckedChunk.Administration) {
        guard let identity = deed.data["identity"]?.text, let settings = deed.data["settings"] else { return }
        identities[Array(identity.utf8)] = (deed.seq, CanonicalWriter.bytes(of: settings))
    }

    /// Takes a key that an entry before the first one that is read names.
    mutating func addSigningKey(_ vkey: String, at seq: Int) {
        if let key = try? NoteKey(vkey: Array(vkey.utf8)) { signingKeys.append((seq, key)) }
    }

    private mutating func addRotation(_ deed: CheckedChunk.Administration) {
        guard let rotation = KeyRotation(data: deed.data), rotation.previousKey == signingKeys.last?.key else {
            return wrongRotations.append(deed.seq)
        }
        signingKeys.append((deed.seq, rotation.key))
    }

    mutating func takeEntryKeys() -> [(seq: Int, key: LookupKey)] {
        defer { entryKeys = [] }
        return entryKeys
    }

    mutating func takeEvidence() -> [(seq: Int, digest: Digest)] {
        defer { evidence = [] }
        return evidence
    }

    mutating func takeKeys() -> [KeyRuns.Run] {
        defer { keys = [] }
        return keys
    }
}
