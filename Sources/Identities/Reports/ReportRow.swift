import Ledger
import MailAuthentication
import Postgres

/// One row of a report as it is stored and shown: what a submitter claims of the messages of one source.
package struct ReportRow: Sendable {
    /// The place in the report, from 0.
    package let index: Int
    package let count: Int64
    /// The canonical JSON: what is shown, and what the SHA-256 of the rows is made of.
    package let json: [UInt8]

    /// What the columns hold of it.
    struct Columns {
        var source: IPAddress?
        /// Instead of the address, where the report's text is none.
        var sourceText: String?
        var count: Int64
        var disposition: String?
        var dkim: String?
        var spf: String?
        /// In lower case.
        var headerFrom: String?
        var envelopeFrom: String?
        var envelopeTo: String?
        /// Canonical JSON.
        var authResults: [UInt8]?
        /// Canonical JSON.
        var reasons: [UInt8]?
    }

    init(_ columns: Columns, index: Int) {
        self.index = index
        count = columns.count
        json = Self.json(of: columns)
    }

    /// The columns written out, names in their order (RFC 8785 §3.2.3).
    static func json(of columns: Columns) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(256 + (columns.authResults?.count ?? 0) + (columns.reasons?.count ?? 0))
        json.append(UInt8(ascii: "{"))
        if let results = columns.authResults {
            json += "\"auth_results\":".utf8
            json += results
            json.append(UInt8(ascii: ","))
        }
        json += "\"count\":".utf8
        CanonicalWriter.append(Int(columns.count), to: &json)
        append("disposition", columns.disposition, to: &json)
        append("dkim", columns.dkim, to: &json)
        append("envelope_from", columns.envelopeFrom, to: &json)
        append("envelope_to", columns.envelopeTo, to: &json)
        append("header_from", columns.headerFrom, to: &json)
        if let reasons = columns.reasons {
            json += ",\"reasons\":".utf8
            json += reasons
        }
        append("source_ip", columns.source?.description, to: &json)
        append("source_text", columns.sourceText, to: &json)
        append("spf", columns.spf, to: &json)
        json.append(UInt8(ascii: "}"))
        return json
    }

    private static func append(_ name: String, _ text: String?, to json: inout [UInt8]) {
        guard let text else { return }
        json += ",\"".utf8
        json += name.utf8
        json += "\":".utf8
        CanonicalWriter.append(text, to: &json)
    }
}

extension ReportRow {
    /// The names of the keys of signatures that passed, by their selectors and domains; nil without any.
    static func signers(_ signatures: some Sequence<(String?, String?)>) -> String? {
        var names: [String] = []
        for case (let selector?, let domain?) in signatures {
            guard let name = DomainName(domain)?.prefixed(by: "\(selector)._domainkey"),
                !name.text.utf8.contains(0x20), !names.contains(name.text)
            else { continue }
            names.append(name.text)
        }
        return names.isEmpty ? nil : names.joined(separator: " ")
    }
}

extension ReportRow.Columns {
    init(_ row: AggregateReport.Row) {
        source = row.source
        sourceText = row.source == nil ? row.sourceText : nil
        count = row.count
        disposition = row.disposition?.rawValue
        dkim = row.dkim?.rawValue
        spf = row.spf?.rawValue
        headerFrom = row.headerFrom.map { DomainName($0)?.text ?? $0.lowercased() }
        envelopeFrom = row.envelopeFrom
        envelopeTo = row.envelopeTo
        authResults = Self.authResults(of: row)
        reasons = Self.reasons(of: row)
    }

    private static func authResults(of row: AggregateReport.Row) -> [UInt8]? {
        guard !row.dkimResults.isEmpty || !row.spfResults.isEmpty else { return nil }
        let dkim = row.dkimResults.map { result in
            object([
                ("domain", result.domain), ("human_result", result.humanResult), ("result", result.result?.rawValue),
                ("selector", result.selector),
            ])
        }
        let spf = row.spfResults.map { result in
            object([
                ("domain", result.domain), ("human_result", result.humanResult), ("result", result.result?.rawValue),
                ("scope", result.scope?.rawValue),
            ])
        }
        return CanonicalWriter.bytes(of: ["dkim": .array(dkim), "spf": .array(spf)])
    }

    private static func reasons(of row: AggregateReport.Row) -> [UInt8]? {
        guard !row.reasons.isEmpty else { return nil }
        return CanonicalWriter.bytes(
            of: .array(row.reasons.map { object([("comment", $0.comment), ("type", $0.type?.rawValue)]) }))
    }

    private static func object(_ texts: [(String, String?)]) -> JSONValue {
        .object(texts.compactMap { name, text in text.map { JSONValue.Member(name, .string($0)) } })
    }
}

extension ReportRow {
    /// The columns that ``init(_:from:)`` reads, of the table `w`.
    static let columns: Statement = """
        w.row, w.source_ip, w.source_text, w.count, w.disposition, w.dkim, w.spf, w.header_from, w.envelope_from,
        w.envelope_to, w.auth_results, w.reasons
        """

    /// Reads the row from ``columns``.
    init(_ row: Row) throws {
        let columns = try Columns(
            source: row.addressIfPresent(1).flatMap { IPAddress($0.bytes) }, sourceText: row.textIfPresent(2),
            count: row.int64(3), disposition: row.textIfPresent(4), dkim: row.textIfPresent(5),
            spf: row.textIfPresent(6), headerFrom: row.textIfPresent(7), envelopeFrom: row.textIfPresent(8),
            envelopeTo: row.textIfPresent(9), authResults: row.textIfPresent(10).map { Array($0.utf8) },
            reasons: row.textIfPresent(11).map { Array($0.utf8) })
        self.init(columns, index: try row.int(0))
    }
}
