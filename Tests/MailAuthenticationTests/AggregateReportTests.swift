import MailAuthentication
import Testing

@Suite struct `An aggregate report` {
    private func read(_ text: String) -> ReportReading { AggregateReport.read(Array(text.utf8)) }

    /// The right report with one place changed, which must occur.
    private func changed(_ old: String, _ new: String) throws -> ReportReading {
        var text = ReportText.document
        text.replaceSubrange(try #require(text.firstRange(of: old)), with: new)
        return read(text)
    }

    @Test func `that is right is accepted, with all it says`() throws {
        guard case .accepted(let report) = read(ReportText.document) else { return #expect(Bool(false)) }
        #expect(report.metadata.orgName == "Acme  Mail")
        #expect(report.metadata.emailDomain == DomainName("acme.example"))
        #expect(report.policy.policy == .reject)
        let row = try #require(report.rows.first)
        #expect(row.source == IPAddress(text: "192.0.2.1"))
        #expect(row.count == 3)
        #expect(row.disposition == AggregateReport.Disposition.none)
        #expect((row.dkim, row.spf) == (.pass, .fail))
        #expect(row.reasons.map(\.type) == [.mailingList])
        #expect(row.reasons.map(\.comment) == ["a & b"])
        #expect(row.headerFrom == "example.com")
        #expect(row.envelopeFrom == "")
        #expect(row.envelopeTo == nil)
        #expect(row.dkimResults.map(\.selector) == ["s1"])
        #expect(row.spfResults.map(\.scope) == [.mfrom])
    }

    @Test func `may have its elements in any order`() {
        let text = "<feedback>\(ReportText.row)\(ReportText.policy)\(ReportText.metadata)</feedback>"
        guard case .accepted = read(text) else { return #expect(Bool(false)) }
    }

    @Test func `may hold rows that are right by RFC 7489 alone`() throws {
        let spf = "<spf><domain>h.example</domain><scope>helo</scope><result>none</result></spf>"
        let reading = try changed("</auth_results>", "\(spf)</auth_results>")
        #expect(reading.repairs.isEmpty)
        #expect(reading.report?.rows.first?.spfResults.map(\.scope) == [.mfrom, .helo])
    }

    @Test func `by RFC 9990 says so by its namespace`() throws {
        let root = "<feedback xmlns='\(AggregateReport.namespaceRFC9990)'>"
        let text = ReportText.document.replacing("<feedback>", with: root)
        guard case .accepted(let report) = read(text) else { return #expect(Bool(false)) }
        #expect(report.namespace == AggregateReport.namespaceRFC9990)
        #expect(read(text.replacing("<selector>s1</selector>", with: "")).repairs == [.selectorMissing])
        #expect(read(text.replacing("dmarc-2.0", with: "other")).repairs == [.unknownNamespace])
    }

    @Test func `with an extension keeps the rest, and counts what is in it`() throws {
        let reading = try changed("</policy_published>", "</policy_published><extension><x:a/><x:b/></extension>")
        #expect(reading.report?.extensionElementCount == 2)
        #expect(reading.repairs == [.namespaceMissing])
    }

    @Test func `with unknown elements counts them and reads on`() throws {
        let reading = try changed("<count>", "<new><a/><b>1</b></new><count>")
        #expect(reading.report?.unknownElementCount == 3)
        #expect(reading.report?.messageCount == 3)
        #expect(reading.repairs == [.unknownElement])
    }

    @Test func `is mended where that loses nothing that counts, and the repair is named`() throws {
        let cases: [(String, String, ReportRepair)] = [
            ("Acme  Mail", " ", .orgNameMissing), ("<email>r@acme.example</email>", "", .emailMissing),
            ("1700086399", "1700172800", .longPeriod), ("<p>reject</p>", "", .policyMissing),
            ("<adkim>r</adkim>", "<adkim>x</adkim>", .unknownWord), ("192.0.2.1", "192.0.2.01", .invalidSourceAddress),
            ("<dkim>pass</dkim>", "", .evaluationMissing),
            ("<header_from>example.com</header_from>", "", .headerFromMissing),
            ("<scope>mfrom</scope><result>fail</result>", "<scope>helo</scope>", .authResultMissing),
            ("<count>3</count>", "<count>3</count><count>4</count>", .repeatedElement),
            ("<version>1.0", "<version>2.0", .unknownVersion),
            ("a &amp; b", String(repeating: "é", count: 600), .longText),
            ("<type>mailing_list</type><comment>a &amp; b</comment>", "<type/>", .emptyReason),
        ]
        for (old, new, repair) in cases {
            let reading = try changed(old, new)
            #expect(reading.repairs == [repair], "\(old) -> \(new)")
        }
        let address = try changed("192.0.2.1", "not an address")
        #expect(address.report?.rows.first?.sourceText == "not an address")
        #expect(address.report?.rows.first?.source == nil)
        let helo = try changed("<spf><domain>example.com</domain><scope>mfrom</scope>", "<spf><scope>helo</scope>")
        #expect(helo.repairs == [.authDomainMissing])
    }

    @Test func `is rejected by name where a number or a name would be a guess`() throws {
        let cases: [(String, String, ReportRejection)] = [
            ("<report_id>1@acme</report_id>", "<report_id> </report_id>", .reportIDMissing),
            ("<begin>1700000000</begin>", "", .invalidPeriod), ("1700086399", "1699999999", .invalidPeriod),
            ("1700086399", "1800000000", .invalidPeriod), ("1700000000", "-1", .invalidPeriod),
            ("<domain>example.com</domain><p>", "<domain>a..b</domain><p>", .invalidPolicyDomain),
            ("<count>3</count>", "", .invalidCount), ("<count>3", "<count>-3", .invalidCount),
            ("<count>3", "<count>1000000001", .invalidCount), ("<count>3", "<count>1e3", .invalidCount),
            ("<count>3", "<count>99999999999999999999999999", .invalidCount),
        ]
        for (old, new, reason) in cases {
            #expect(try changed(old, new) == .rejected(reason), "\(old) -> \(new)")
        }
        #expect(read("<html><body/></html>") == .rejected(.notAReport))
        #expect(read("<feedback/>") == .rejected(.reportIDMissing))
    }

    @Test func `takes a billion messages in a row, and not one more`() throws {
        let most = "<count>\(AggregateReport.rowMessagesMax)"
        #expect(AggregateReport.rowMessagesMax == 1_000_000_000)
        let row = ReportText.row.replacing("<count>3", with: most)
        let two = try changed(ReportText.row, row + row)
        #expect(two.report?.messageCount == 2_000_000_000)
        let more = row.replacing(most, with: "<count>\(AggregateReport.rowMessagesMax + 1)")
        #expect(try changed(ReportText.row, row + more) == .rejected(.invalidCount))
    }

    @Test func `with more rows or results than the limits is rejected or cut`() throws {
        var limits = AggregateReport.Limits()
        limits.rowCountMax = 2
        let rows = String(repeating: ReportText.row, count: 3)
        let text = "<feedback>\(ReportText.metadata)\(ReportText.policy)\(rows)</feedback>"
        #expect(AggregateReport.read(Array(text.utf8), limits: limits) == .rejected(.tooManyRows))
        let dkim = String(repeating: "<dkim><domain>d.example</domain><result>fail</result></dkim>", count: 200)
        let reading = try changed("<auth_results>", "<auth_results>\(dkim)")
        #expect(reading.repairs == [.tooManyAuthResults])
        #expect(reading.report?.rows.first?.dkimResults.count == 100)
    }

    @Test func `names a domain by its address, if that is one mailbox`() throws {
        let cases = [
            ("Post Team &lt;r@Mail.Example&gt;", "mail.example"), ("r@acme.example, s@other.example", nil),
            ("acme.example", nil), ("r@[192.0.2.1]", nil), ("r@-acme-.example", nil),
            ("\"a@b.example\"@c.example", "c.example"),
        ]
        for (email, domain) in cases {
            let reading = try changed("<email>r@acme.example</email>", "<email>\(email)</email>")
            #expect(reading.report?.metadata.emailDomain?.text == domain, "\(email)")
        }
    }

    /// Mistake 20 of the reference, the part that is the document's.
    @Test func `survives what other readers stumbled over`() {
        let (declaration, body) = (ReportText.declaration, ReportText.body)
        let documents: [([UInt8], ReportReading?, ReportRepair?)] = [
            (Array("<!DOCTYPE a [<!ENTITY b 'c'>]>\(body)".utf8), .rejected(.documentType), nil),
            (Array(body.replacing("Acme", with: "Ac\u{1}me").utf8), nil, .invalidCharacters),
            (
                Array("<?xml version=\"1.0\"?>".utf8) + Array(body.utf8).map { $0 == 0x41 ? 0xE9 : $0 }, nil,
                .invalidCharacters
            ),
            (
                Array("\(declaration)<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\(body)".utf8), nil,
                .straySchema
            ),
            (Array("\(declaration)hello\(body)".utf8), nil, .textAfterDeclaration),
            (Array("\(declaration)\(body)\n-- \nsent by x".utf8), nil, .junkAfter),
        ]
        for (bytes, expected, repair) in documents {
            let reading = AggregateReport.read(bytes)
            if let expected { #expect(reading == expected) }
            if let repair { #expect(reading.repairs == [repair]) }
            #expect((reading.report != nil) == (repair != nil))
        }
    }

    @Test func `of many rows takes time in proportion`() {
        let clock = ContinuousClock()
        let times = [1_000, 4_000].map { count in
            let rows = String(repeating: ReportText.row, count: count)
            let text = Array("<feedback>\(ReportText.metadata)\(ReportText.policy)\(rows)</feedback>".utf8)
            return clock.measure { #expect(AggregateReport.read(text).report?.rows.count == count) }
        }
        #expect(times[1] < times[0] * 12, "\(times)")
    }
}
