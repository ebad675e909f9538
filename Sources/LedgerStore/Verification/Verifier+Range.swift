import Cryptography
import Ledger
import Postgres

/// What is checked range by range: rows that must exist because the lines say so.
///
/// Each is looked up by its whole key in a lateral join; the limit keeps the planner from turning that into a scan of
/// the table, which it would do as long as nothing has analysed it.
extension Verifier {
    /// The tiles that were completed and the heads that were passed.
    mutating func checkTree(_ chain: inout ChainCheck, upTo size: Int) async throws {
        let roots = chain.takeRoots()
        if let expected = options.expected, let root = roots[expected.size] { expectations.rootOfExpected = root }
        for (size, stored) in expectations.heads.sorted(by: { $0.key < $1.key }) {
            guard let root = roots[size] else { continue }
            expectations.heads[size] = nil
            guard root != stored else { continue }
            report.add(
                Finding(.head, table: "heads", "the head of size \(size) has another root than its entries"))
        }
        checkCheckpoints(roots)
        let tiles = chain.takeTiles()
        guard !tiles.isEmpty else { return }
        let rows = try await connection.query(
            """
            SELECT t.n, s.root, s.hashes
            FROM unnest(\(tiles.map { Int16($0.level) }), \(tiles.map { Int64($0.index) }))
                WITH ORDINALITY AS t (level, tile_index, n)
            LEFT JOIN LATERAL (
                SELECT root, hashes FROM countersign.tiles
                WHERE ledger_id = \(ledger.id) AND level = t.level AND tile_index = t.tile_index LIMIT 1
            ) s ON true ORDER BY t.n
            """, deadline: deadline)
        for row in rows {
            let tile = tiles[try row.int(0, in: 1...tiles.count) - 1]
            let name = "the tile \(tile.level)/\(tile.index)"
            guard let root = try row.bytesIfPresent(1), let hashes = try row.bytesIfPresent(2) else {
                report.add(Finding(.tile, table: "tiles", "\(name) is missing"))
                continue
            }
            if root != tile.root.bytes || hashes != tile.bytes {
                report.add(Finding(.tile, table: "tiles", "\(name) does not hold the hashes of its entries"))
            }
        }
    }

    /// Further keys of the range's entries, one by one.
    mutating func checkEntryKeys(_ expected: [(seq: Int, key: LookupKey)], _ range: Range<Int>) async throws {
        guard !expected.isEmpty else { return }
        let rows = try await connection.query(
            """
            SELECT t.n
            FROM unnest(\(expected.map(\.key.name.rawValue)), \(expected.map(\.key.tag)),
                \(expected.map { Int64($0.seq) })) WITH ORDINALITY AS t (name, tag, seq, n)
            LEFT JOIN LATERAL (
                SELECT 1 AS found FROM countersign.entry_keys
                WHERE ledger_id = \(ledger.id) AND name = t.name AND tag = t.tag AND seq = t.seq
                    AND seq >= \(range.lowerBound) AND seq < \(range.upperBound) LIMIT 1
            ) k ON true WHERE k.found IS NULL ORDER BY t.n
            """, deadline: deadline)
        for row in rows {
            let missing = expected[try row.int(0, in: 1...expected.count) - 1]
            report.add(
                Finding(
                    .entryKey, seq: missing.seq, table: "entry_keys",
                    "the key \(missing.key.name.rawValue) of the entry is missing"))
        }
    }

    /// Idempotency keys whose entries were read, one by one.
    mutating func checkKeys(_ expected: [KeyRuns.Run]) async throws {
        guard !expected.isEmpty else { return }
        let rows = try await connection.query(
            """
            SELECT t.n
            FROM unnest(\(expected.map(\.tag.bigEndianBytes)), \(expected.map { Int64($0.firstSeq) }),
                \(expected.map { Int32($0.count) })) WITH ORDINALITY AS t (tag, first_seq, count, n)
            LEFT JOIN LATERAL (
                SELECT first_seq, count FROM countersign.keys WHERE ledger_id = \(ledger.id) AND tag = t.tag LIMIT 1
            ) k ON true
            WHERE k.first_seq IS DISTINCT FROM t.first_seq OR k.count IS DISTINCT FROM t.count ORDER BY t.n
            """, deadline: deadline)
        for row in rows {
            let wrong = expected[try row.int(0, in: 1...expected.count) - 1]
            report.add(
                Finding(
                    .key, seq: wrong.firstSeq, table: "keys",
                    "the row of the entry's idempotency key is missing or points elsewhere"))
        }
    }

    /// The people whose addresses the sealed values hold, as far as they are not known already.
    mutating func checkSubjects() async throws {
        let expected = unknownPeople
        unknownPeople = []
        guard !expected.isEmpty else { return }
        let rows = try await connection.query(
            """
            SELECT t.n
            FROM unnest(\(expected.map(\.person.tag.bigEndianBytes)),
                \(expected.map(\.person.pseudonym.bigEndianBytes))) WITH ORDINALITY AS t (tag, pseudonym, n)
            LEFT JOIN LATERAL (
                SELECT pseudonym FROM countersign.subjects WHERE ledger_id = \(ledger.id) AND tag = t.tag LIMIT 1
            ) s ON true
            WHERE s.pseudonym IS DISTINCT FROM t.pseudonym ORDER BY t.n
            """, deadline: deadline)
        var wrongs: Set<CheckedChunk.Person> = []
        for row in rows {
            let wrong = expected[try row.int(0, in: 1...expected.count) - 1]
            wrongs.insert(wrong.person)
            // Erased since the entry was read, mapping and all.
            let erased = try await erasures(in: wrong.seq..<wrong.seq + 1).erased(at: wrong.seq)
            if erased.pseudonyms.contains(wrong.person.pseudonym) { continue }
            report.add(
                Finding(
                    .subject, seq: wrong.seq, table: "subjects",
                    "a person of the entry is mapped to no pseudonym or to another one"))
        }
        for (_, person) in expected where !wrongs.contains(person) { subjects.remember(person) }
    }
}
