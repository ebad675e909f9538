import Ledger
package import MailAuthentication
import Postgres

/// One row of a report as it is stored and shown: what a report claims of the messages of one source.
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

    /// The row of a report that is not stored, or not yet.
    package init(_ row: AggregateReport.Row, index: Int) { self.init(Columns(row), index: index) }

    init(_ columns: Columns, index: Int) {
        self.index = index
        count = columns.count
        var json: [UInt8] = []
        Self.append(columns, to: &json)
        self.json = json
    }

    /// Appends the columns written out, names in their order (RFC 8785 §3.2.3).
    static func append(_ columns: Columns, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "{"))
        if let results = columns.authResults {
            json.appendName("\"auth_results\":")
            json += results
        }
        json.appendName("\"count\":")
        CanonicalWriter.append(Int(columns.count), to: &json)
        json.append("\"disposition\":", columns.disposition)
        json.append("\"dkim\":", columns.dkim)
        json.append("\"envelope_from\":", columns.envelopeFrom)
        json.append("\"envelope_to\":", columns.envelopeTo)
        json.append("\"header_from\":", columns.headerFrom)
        if let reasons = columns.reasons {
            json.appendName("\"reasons\":")
            json += reasons
        }
        json.append("\"source_ip\":", columns.source?.description)
        json.append("\"source_text\":", columns.sourceText)
        json.append("\"spf\":", columns.spf)
        json.append(UInt8(ascii: "}"))
    }
}

extension ReportRow {
    /// The names of the keys of signatures that passed, by their selectors and domains; nil without any.
    static func signers(_ signatures: some Sequence<(String?, String?)>) -> String? {
        var names: [String] = []
        for case (let selector?, let domain?) in signatures {
            guard let name = DomainName(internationalized: domain)?.prefixed(by: "\(selector)._domainkey"),
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
        headerFrom = row.headerFrom.map { DomainName(internationalized: $0)?.text ?? CaseFolding.folded($0) }
        envelopeFrom = row.envelopeFrom.map(Self.domain)
        envelopeTo = row.envelopeTo.map(Self.domain)
        authResults = Self.authResults(of: row)
        reasons = Self.reasons(of: row)
    }

    private static func authResults(of row: AggregateReport.Row) -> [UInt8]? {
        guard !row.dkimResults.isEmpty || !row.spfResults.isEmpty else { return nil }
        var json = Array("{\"dkim\":".utf8)
        json.appendObjects(row.dkimResults) { result, json in
            json.append("\"domain\":", result.domain.map(domain))
            json.append("\"human_result\":", result.humanResult.map(withoutLocalParts))
            json.append("\"result\":", result.result?.rawValue)
            json.append("\"selector\":", result.selector.map(inALabels))
        }
        json.appendName("\"spf\":")
        json.appendObjects(row.spfResults) { result, json in
            json.append("\"domain\":", result.domain.map(domain))
            json.append("\"human_result\":", result.humanResult.map(withoutLocalParts))
            json.append("\"result\":", result.result?.rawValue)
            json.append("\"scope\":", result.scope?.rawValue)
        }
        json.append(UInt8(ascii: "}"))
        return json
    }

    private static func reasons(of row: AggregateReport.Row) -> [UInt8]? {
        guard !row.reasons.isEmpty else { return nil }
        var json: [UInt8] = []
        json.appendObjects(row.reasons) { reason, json in
            json.append("\"comment\":", reason.comment.map(withoutLocalParts))
            json.append("\"type\":", reason.type?.rawValue)
        }
        return json
    }

    /// The domain of what should be a domain, and is an address with some reporters: people are none of a report's
    /// business. As written, but for U-labels.
    private static func domain(_ text: String) -> String {
        inALabels(
            text.utf8.lastIndex(of: UInt8(ascii: "@")).map { String(text[text.utf8.index(after: $0)...]) } ?? text)
    }

    private static func inALabels(_ text: String) -> String {
        text.utf8.allSatisfy { $0 < 0x80 } ? text : ALabels.name(text) ?? text
    }

    /// A sentence in which the addresses have lost their local parts.
    private static func withoutLocalParts(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "@")) else { return text }
        return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            word.utf8.lastIndex(of: UInt8(ascii: "@")).map { String(word[$0...]) } ?? String(word)
        }.joined(separator: " ")
    }
}

/// Canonical JSON without a tree in between: a report has hundreds of thousands of texts. Whoever writes gives the
/// members in the order of their names.
extension [UInt8] {
    /// Appends a name of an open object, given with its quotes and colon.
    fileprivate mutating func appendName(_ name: String) {
        if last != UInt8(ascii: "{") { append(UInt8(ascii: ",")) }
        self += name.utf8
    }

    /// Appends a member of an open object, if there is a text.
    fileprivate mutating func append(_ name: String, _ text: String?) {
        guard let text else { return }
        appendName(name)
        CanonicalWriter.append(text, to: &self)
    }

    /// Appends an array of objects, whose members `write` writes.
    fileprivate mutating func appendObjects<Value>(_ values: [Value], write: (Value, inout [UInt8]) -> Void) {
        append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(UInt8(ascii: "{"))
            write(value, &self)
            append(UInt8(ascii: "}"))
        }
        append(UInt8(ascii: "]"))
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
            count: Int64(row.int(3, in: Entry.seqs)), disposition: row.textIfPresent(4), dkim: row.textIfPresent(5),
            spf: row.textIfPresent(6), headerFrom: row.textIfPresent(7), envelopeFrom: row.textIfPresent(8),
            envelopeTo: row.textIfPresent(9), authResults: row.textIfPresent(10).map { Array($0.utf8) },
            reasons: row.textIfPresent(11).map { Array($0.utf8) })
        self.init(columns, index: try row.int(0, in: Entry.seqs))
    }
}
