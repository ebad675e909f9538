import Cryptography
import Ledger

/// What the lines read so far say must stand in the tables beside them.
struct Expectations {
    /// A row of `rollups`.
    struct RollupKey: Hashable {
        let hour: Timestamp
        let sender: String
        let kind: String
        let oversightMode: String
        let outcome: String
    }

    /// A row of `tokens`.
    struct Token: Equatable {
        var hash: String
        var name: String
        var scopes: [String]
        var expiresAt: Timestamp?
        var grantedSeq: Int
        var revokedSeq: Int?
    }

    var heads: [Int: Digest] = [:]
    /// The tree's root at the size that the caller expects, once it was reached.
    var rootOfExpected: Digest?
    var rollupsUntil = 0
    private(set) var entryKeys: [(seq: Int, key: LookupKey)] = []
    private(set) var keys: [(tag: [UInt8], firstSeq: Int, count: Int)] = []
    private(set) var subjects: [(seq: Int, tag: [UInt8], pseudonym: [UInt8])] = []
    private(set) var hours: [(hour: Timestamp, firstSeq: Int)] = []
    private(set) var rollups: [RollupKey: Int] = [:]
    private(set) var tokens: [String: Token] = [:]
    private(set) var clockAcceptedUntil: Timestamp?
    private(set) var entryKeyCount = 0
    private(set) var keyCount = 0
    private(set) var disclosureCount = 0
    private var keyRun: (tag: [UInt8], firstSeq: Int, count: Int)?
    /// The key of a request whose first entries are not read: its other ones say nothing alone.
    var keyBegunBefore: [UInt8]?

    /// Adds what one entry says.
    ///
    /// - Parameter keys: the ledger's keys, if they are at hand.
    mutating func add(_ entry: Entry, _ row: StoredRow, keys: LedgerKeys?) {
        for key in entry.lookupKeys {
            entryKeys.append((entry.seq, key))
            entryKeyCount += 1
        }
        if !entry.sealed.isEmpty { disclosureCount += 1 }
        addKey(entry)
        if let keys {
            for (person, pseudonym) in zip(row.people, entry.subjects) {
                subjects.append((entry.seq, keys.subjectTag(of: person), pseudonym.bytes))
            }
        }
        let hour = entry.recordedAt.hour
        if hours.last?.hour != hour { hours.append((hour, entry.seq)) }
        if entry.seq < rollupsUntil {
            let key = RollupKey(
                hour: hour, sender: entry.sender?.lowercased() ?? "", kind: entry.kind,
                oversightMode: entry.oversightMode ?? "", outcome: entry.outcome)
            rollups[key, default: 0] += 1
        }
        switch entry.kind {
        case Kind.access.rawValue: addToken(entry)
        case Kind.policy.rawValue where entry.json["data"]?["event"]?.text == "clock.accepted":
            clockAcceptedUntil = entry.recordedAt
        default: break
        }
    }

    /// The rows of `daily_rollups` that follow from the hourly ones: `hour` is the day, and there is no sender.
    var dailyRollups: [RollupKey: Int] {
        var daily: [RollupKey: Int] = [:]
        for (key, count) in rollups {
            let day = RollupKey(
                hour: key.hour.day, sender: "", kind: key.kind, oversightMode: key.oversightMode, outcome: key.outcome)
            daily[day, default: 0] += count
        }
        return daily
    }

    /// Entries of one request that share a key follow each other.
    private mutating func addKey(_ entry: Entry) {
        if let begun = keyBegunBefore, begun == entry.idempotencyTag { return }
        keyBegunBefore = nil
        if let run = keyRun, run.tag == entry.idempotencyTag, run.firstSeq + run.count == entry.seq {
            keyRun?.count += 1
            return
        }
        endKeyRun()
        if let tag = entry.idempotencyTag { keyRun = (tag, entry.seq, 1) }
    }

    /// Call it after the last entry.
    mutating func endKeyRun() {
        guard let run = keyRun else { return }
        keys.append(run)
        keyCount += 1
        keyRun = nil
    }

    private mutating func addToken(_ entry: Entry) {
        guard let data = entry.json["data"], let id = data["token_id"]?.text else { return }
        switch data["event"]?.text {
        case "token.granted":
            tokens[id] = Token(
                hash: data["hash"]?.text ?? "", name: data["name"]?.text ?? "",
                scopes: data["scopes"]?.elements?.compactMap(\.text) ?? [],
                expiresAt: data["expires_at"]?.text.flatMap { Timestamp($0) }, grantedSeq: entry.seq)
        case "token.revoked": tokens[id]?.revokedSeq = entry.seq
        default: break
        }
    }

    mutating func takeEntryKeys() -> [(seq: Int, key: LookupKey)] {
        defer { entryKeys = [] }
        return entryKeys
    }

    mutating func takeKeys() -> [(tag: [UInt8], firstSeq: Int, count: Int)] {
        defer { keys = [] }
        return keys
    }

    mutating func takeSubjects() -> [(seq: Int, tag: [UInt8], pseudonym: [UInt8])] {
        defer { subjects = [] }
        return subjects
    }
}
