import Cryptography
import Ledger
import Postgres

/// The rows that a group adds, held by table and column.
struct NewRows: Sendable {
    private let ledgerID: Int64
    private var entries = Entries()
    private var keys = Keys()
    private var entryKeys = EntryKeys()
    private var disclosures = Disclosures()
    private var subjects = Subjects()
    private var tiles = Tiles()
    private var hours = Hours()

    private struct Entries: Sendable {
        var ledgerID = ColumnValues(of: Int64.self)
        var seq = ColumnValues(of: Int64.self)
        var recordedAt = ColumnValues(of: PostgresTimestamp.self)
        var occurredAt = ColumnValues(of: PostgresTimestamp.self)
        var leafHash = ColumnValues(of: [UInt8].self)
        var kind = ColumnValues(of: String.self)
        var outcome = ColumnValues(of: String.self)
        var oversightMode = ColumnValues(of: String.self)
        var messageID = ColumnValues(of: String.self)
        var sender = ColumnValues(of: String.self)
        var actor = ColumnValues(of: String.self)
        var runID = ColumnValues(of: String.self)
        var line = ColumnValues(of: String.self)

        var batch: ColumnBatch {
            ColumnBatch(
                table: "entries",
                columns: [
                    ("ledger_id", ledgerID), ("seq", seq), ("recorded_at", recordedAt), ("occurred_at", occurredAt),
                    ("leaf_hash", leafHash), ("kind", kind), ("outcome", outcome), ("oversight_mode", oversightMode),
                    ("message_id", messageID), ("sender", sender), ("actor", actor), ("run_id", runID), ("line", line),
                ])
        }
    }

    private struct Keys: Sendable {
        var ledgerID = ColumnValues(of: Int64.self)
        var tag = ColumnValues(of: [UInt8].self)
        var firstSeq = ColumnValues(of: Int64.self)
        var count = ColumnValues(of: Int32.self)
        var requestTag = ColumnValues(of: [UInt8].self)
        /// Empty where no request is erased, as nearly always.
        var requestErased = ColumnValues(of: Bool.self)

        var batch: ColumnBatch {
            let erased: [(String, ColumnValues)] = requestErased.count > 0 ? [("request_erased", requestErased)] : []
            return ColumnBatch(
                table: "keys",
                columns: [
                    ("ledger_id", ledgerID), ("tag", tag), ("first_seq", firstSeq), ("count", count),
                    ("request_tag", requestTag),
                ] + erased)
        }
    }

    private struct EntryKeys: Sendable {
        var ledgerID = ColumnValues(of: Int64.self)
        var name = ColumnValues(of: String.self)
        var tag = ColumnValues(of: [UInt8].self)
        var seq = ColumnValues(of: Int64.self)

        var batch: ColumnBatch {
            ColumnBatch(
                table: "entry_keys",
                columns: [("ledger_id", ledgerID), ("name", name), ("tag", tag), ("seq", seq)])
        }
    }

    private struct Disclosures: Sendable {
        var ledgerID = ColumnValues(of: Int64.self)
        var seq = ColumnValues(of: Int64.self)
        var disclosures = ColumnValues(of: String.self)

        var batch: ColumnBatch {
            ColumnBatch(
                table: "disclosures", columns: [("ledger_id", ledgerID), ("seq", seq), ("disclosures", disclosures)])
        }
    }

    private struct Subjects: Sendable {
        var ledgerID = ColumnValues(of: Int64.self)
        var tag = ColumnValues(of: [UInt8].self)
        var pseudonym = ColumnValues(of: [UInt8].self)

        var batch: ColumnBatch {
            ColumnBatch(table: "subjects", columns: [("ledger_id", ledgerID), ("tag", tag), ("pseudonym", pseudonym)])
        }
    }

    private struct Tiles: Sendable {
        var ledgerID = ColumnValues(of: Int64.self)
        var level = ColumnValues(of: Int16.self)
        var index = ColumnValues(of: Int64.self)
        var root = ColumnValues(of: [UInt8].self)
        var hashes = ColumnValues(of: [UInt8].self)

        var batch: ColumnBatch {
            ColumnBatch(
                table: "tiles",
                columns: [
                    ("ledger_id", ledgerID), ("level", level), ("tile_index", index), ("root", root),
                    ("hashes", hashes),
                ])
        }
    }

    private struct Hours: Sendable {
        var ledgerID = ColumnValues(of: Int64.self)
        var hour = ColumnValues(of: PostgresTimestamp.self)
        var firstSeq = ColumnValues(of: Int64.self)

        var batch: ColumnBatch {
            ColumnBatch(table: "hours", columns: [("ledger_id", ledgerID), ("hour", hour), ("first_seq", firstSeq)])
        }
    }

    init(ledgerID: Int64) {
        self.ledgerID = ledgerID
    }

    /// The entries that were added since they were last taken.
    mutating func takeEntries() -> ColumnBatch {
        defer { entries = Entries() }
        return entries.batch
    }

    mutating func add(
        _ keys: ProjectedKeys, seq: Int, recordedAt: Timestamp, leafHash: Digest, line: [UInt8]
    ) {
        entries.ledgerID.append(ledgerID)
        entries.seq.append(Int64(seq))
        entries.recordedAt.append(PostgresTimestamp(recordedAt))
        entries.occurredAt.append(keys.occurredAt.map(PostgresTimestamp.init))
        entries.leafHash.append(leafHash.bytes)
        entries.kind.append(keys.kind)
        entries.outcome.append(keys.outcome)
        entries.oversightMode.append(keys.oversightMode)
        entries.messageID.append(keys.messageID)
        entries.sender.append(keys.sender)
        entries.actor.append(keys.actor)
        entries.runID.append(keys.runID)
        entries.line.append(text: line)
    }

    /// An idempotency key and the entries that it stands for.
    mutating func addKey(_ tag: [UInt8], firstSeq: Int, count: Int, requestTag: [UInt8]?) {
        keys.ledgerID.append(ledgerID)
        keys.tag.append(tag)
        keys.firstSeq.append(Int64(firstSeq))
        keys.count.append(Int32(count))
        keys.requestTag.append(requestTag)
    }

    /// An idempotency key whose request nothing is known of any more; all keys of the rows are such.
    mutating func addErasedKey(_ tag: [UInt8], firstSeq: Int, count: Int) {
        addKey(tag, firstSeq: firstSeq, count: count, requestTag: nil)
        keys.requestErased.append(true)
    }

    /// A further key of the entry at `seq`.
    mutating func add(_ key: LookupKey, seq: Int) {
        entryKeys.ledgerID.append(ledgerID)
        entryKeys.name.append(key.name.rawValue)
        entryKeys.tag.append(key.tag)
        entryKeys.seq.append(Int64(seq))
    }

    /// The disclosures of the entry at `seq`, joined by "~".
    mutating func addDisclosures(_ joined: [UInt8], seq: Int) {
        disclosures.ledgerID.append(ledgerID)
        disclosures.seq.append(Int64(seq))
        disclosures.disclosures.append(text: joined)
    }

    /// A person whom the ledger has not met before.
    mutating func add(_ pseudonym: Pseudonym, tag: [UInt8]) {
        subjects.ledgerID.append(ledgerID)
        subjects.tag.append(tag)
        subjects.pseudonym.append(pseudonym.bytes)
    }

    mutating func add(_ tile: CompletedTile) {
        tiles.ledgerID.append(ledgerID)
        tiles.level.append(Int16(tile.level))
        tiles.index.append(Int64(tile.index))
        tiles.root.append(tile.root.bytes)
        tiles.hashes.append(tile.bytes)
    }

    /// An hour that begins with the entry at `firstSeq`.
    mutating func addHour(_ hour: Timestamp, firstSeq: Int) {
        hours.ledgerID.append(ledgerID)
        hours.hour.append(PostgresTimestamp(hour))
        hours.firstSeq.append(Int64(firstSeq))
    }

    /// The rows table by table, and nothing for a table without rows, or whose rows were taken.
    var batches: [ColumnBatch] {
        [
            entries.batch, keys.batch, entryKeys.batch, disclosures.batch, subjects.batch, tiles.batch, hours.batch,
        ].filter { $0.rowCount > 0 }
    }
}

extension PostgresTimestamp {
    /// The same moment.
    init(_ timestamp: Timestamp) {
        self.init(microseconds: timestamp.microseconds)
    }
}

extension Timestamp {
    /// The same moment; Postgres knows years, and infinities, that a line cannot say, and they become the nearest ones.
    init(_ timestamp: PostgresTimestamp) {
        self = Timestamp(microseconds: timestamp.microseconds)
    }
}
