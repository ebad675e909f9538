import FoundationEssentials
import Testing

/// Every statement names its ledger as a constant, so that an engine which spreads ledgers over machines knows from the
/// statement alone where it belongs.
@Suite struct `Statements` {
    private static let tables = [
        "ledgers", "heads", "entries", "entry_keys", "disclosures", "keys", "subjects", "tiles", "hours", "tokens",
        "rollups", "daily_rollups", "watermarks", "signing_keys", "checkpoints", "timestamps", "erased_ranges",
        "legal_holds", "dns_evidence", "identities", "identity_verifications", "dmarc_reports", "dmarc_report_rows",
    ]
    /// What is asked of all ledgers at once: the file, how often it names a table without a ledger, and why.
    private static let exceptions: [String: (count: Int, why: String)] = [
        "LedgerStore/LedgerStore.swift": (3, "lists the ledgers"),
        "LedgerStore/Schema/LedgerStore+Presence.swift": (1, "asks whether there is any ledger"),
        "LedgerStore/Schema/DatabaseFacts.swift": (3, "lists the ledgers, for `countersign doctor`"),
        "LedgerStore/Schema/Readers.swift": (1, "lists which roles read which ledgers"),
        "LedgerStore/Backup/BackupSnapshot.swift": (3, "carries all ledgers of a database"),
        "LedgerStore/Backup/BackupLoad.swift": (3, "holds all ledgers of a backup to its manifest"),
        "LedgerStore/Checkpoints/SigningWork.swift": (4, "finds the ledgers that are to be signed"),
        "LedgerStore/Erasure/LedgerStore+Journal.swift": (1, "finds the ledgers that have erased anything"),
        "LedgerStore/Erasure/Scrubbing.swift": (1, "finds the partitions in which anything was erased"),
        "Identities/IdentityChecks.swift": (2, "finds the identities that are due"),
    ]

    @Test func `name their ledger as a constant, but for a list`() throws {
        var found: [String: Int] = [:]
        var places: [String: [Int]] = [:]
        for file in try SourceTree().files(in: "Sources", suffix: ".swift") {
            let name = file.path.split(separator: "/").dropFirst().joined(separator: "/")
            for line in Self.statementsOfNoLedger(in: file.lines.joined(separator: "\n")) {
                found[name, default: 0] += 1
                places[name, default: []].append(line)
            }
        }
        for (name, count) in found {
            let allowed = Self.exceptions[name]?.count ?? 0
            #expect(count <= allowed, "\(name):\(places[name] ?? []) must say ledger_id = \\(...)")
        }
        for (name, exception) in Self.exceptions {
            #expect(found[name] == exception.count, "\(name) \(exception.why): the list is out of date")
        }
    }

    @Test func `join no table by another table's ledger, and leave no row out because others hold it`() throws {
        for file in try SourceTree().files(in: "Sources", suffix: ".swift") {
            let isListing = Self.exceptions.keys.contains { file.path.hasSuffix($0) }
            for (index, line) in file.lines.enumerated() {
                #expect(!line.contains("SKIP LOCKED"), "\(file.path):\(index + 1)")
                #expect(!line.contains("USING (ledger_id"), "\(file.path):\(index + 1)")
                #expect(
                    isListing || !line.contains(/ledger_id = [a-z]+\.ledger_id/), "\(file.path):\(index + 1)")
            }
        }
    }

    @Test func `are read as this suite reads them`() {
        let right = [
            #""SELECT FROM countersign.heads WHERE ledger_id = \(id)""#,
            #""SELECT FROM countersign.heads h WHERE h.ledger_id = \(id) AND (SELECT 1) > 0""#,
            #""INSERT INTO countersign.hours (ledger_id, hour) VALUES (\(ledger.id), 1)""#,
            #""SELECT (SELECT 1 FROM countersign.keys WHERE ledger_id = \(id)) FROM countersign.heads "#
                + #"WHERE ledger_id = \(id)""#,
        ]
        for text in right { #expect(Self.statementsOfNoLedger(in: text + "\n").isEmpty, "\(text)") }
        let wrong = [
            #""SELECT FROM countersign.heads""#,
            #""SELECT FROM countersign.heads WHERE (ledger_id = \(id))""#,
            #""SELECT FROM countersign.heads h JOIN countersign.keys k ON true WHERE h.ledger_id = \(id)""#,
            #""SELECT FROM countersign.heads WHERE ledger_id = l.ledger_id""#,
            #""INSERT INTO countersign.hours (hour) VALUES (\(ledger.id))""#,
            #""UPDATE countersign.tokens SET revoked_seq = 1 WHERE token_id = \(id)""#,
        ]
        for text in wrong { #expect(Self.statementsOfNoLedger(in: text + "\n").count == 1, "\(text)") }
    }

    @Test func `of the distribution by hand name every table that there is`() throws {
        let tree = SourceTree()
        let script = try tree.file("ops/distribute.sql").lines.joined(separator: "\n")
        var count = 0
        for file in try tree.files(in: "sql", suffix: ".sql") {
            for line in file.lines where line.hasPrefix("CREATE TABLE countersign.") {
                let name = line.dropFirst(25).prefix { $0.isLetter || $0 == "_" }
                #expect(script.contains("'\(name)'") || script.contains("'countersign.\(name)'"), "\(name)")
                count += 1
            }
        }
        #expect(count > 20)
    }

    // MARK: Reading

    /// The lines at which a table is named whose ledger the same part of the statement does not name.
    private static func statementsOfNoLedger(in source: String) -> [Int] {
        let text = Array(source.utf8)
        var lines: [Int] = []
        var line = 1
        var quotes = 0
        for place in text.indices {
            if text[place] == UInt8(ascii: "\n") { line += 1 }
            if text[place...].starts(with: "\"\"\"".utf8) { quotes += 1 }
            guard let verb = verb(at: place, of: text) else { continue }
            let part = part(of: text, from: place, isInBlock: quotes % 2 == 1)
            if !(verb == "INTO" ? insertsIntoLedger(part.whole) : namesLedgers(part.own)) { lines.append(line) }
        }
        return lines
    }

    /// The word before the name of a table that begins behind it.
    private static func verb(at place: Int, of text: [UInt8]) -> String? {
        for verb in ["FROM", "JOIN", "UPDATE", "INTO"] where text[place...].starts(with: "\(verb) countersign.".utf8) {
            let rest = text[(place + verb.utf8.count + 13)...]
            if rest.starts(with: "\\(".utf8) { return verb }
            let name = String(decoding: rest.prefix { isLetter($0) }, as: UTF8.self)
            return tables.contains(name) ? verb : nil
        }
        return nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
    }

    /// The rest of the select or of the statement: `own` without what stands in parentheses, `whole` with it.
    private static func part(of text: [UInt8], from start: Int, isInBlock: Bool) -> (own: String, whole: String) {
        var own: [UInt8] = []
        var depth = 0
        var place = start
        let end = isInBlock ? "\"\"\"" : "\n"
        while place < text.count, !text[place...].starts(with: end.utf8), depth >= 0 {
            if text[place...].starts(with: "\\(".utf8) {
                let value = interpolation(of: text, at: place)
                if depth == 0 { own += text[value] }
                place = value.upperBound
                continue
            }
            if text[place] == UInt8(ascii: "(") { depth += 1 }
            if depth == 0 { own.append(text[place]) }
            if text[place] == UInt8(ascii: ")") { depth -= 1 }
            place += 1
        }
        return (String(decoding: own, as: UTF8.self), String(decoding: text[start..<place], as: UTF8.self))
    }

    private static func interpolation(of text: [UInt8], at start: Int) -> Range<Int> {
        var depth = 0
        for place in start + 1..<text.count {
            if text[place] == UInt8(ascii: "(") { depth += 1 }
            if text[place] == UInt8(ascii: ")") { depth -= 1 }
            if depth == 0 { return start..<place + 1 }
        }
        return start..<text.count
    }

    private static func insertsIntoLedger(_ whole: String) -> Bool {
        whole.contains(/\(\s*ledger_id,/) && whole.contains(/(VALUES\s*\(\s*|SELECT\s+)\\\((ledger|id\b)/)
    }

    private static func namesLedgers(_ own: String) -> Bool {
        let constants = own.matches(of: /ledger_id = \\\(|\\\(fragment: [^)]*\(ledger/).count
        return constants >= own.matches(of: /(FROM|JOIN|UPDATE|INTO) countersign\.([a-z_]+|\\\()/).count
    }
}
