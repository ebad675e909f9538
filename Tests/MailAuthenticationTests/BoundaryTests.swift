import Testing

@testable import MailAuthentication

/// Numbers in mail, records and reports at which arithmetic would end the process.
@Suite struct `Numbers of strangers` {
    static let numbers = [
        "-1", "0", "1", "31", "32", "33", "127", "128", "129", "255", "256", "999999999999", "1000000000000",
        "2147483648", "4294967296", "9007199254740991", "9007199254740992", "9223372036854775807",
        "9223372036854775808", "18446744073709551616", String(repeating: "9", count: 76),
        String(repeating: "9", count: 77), String(repeating: "0", count: 400), "",
    ]

    @Test(arguments: numbers)
    func `the times and the length of a signature`(number: String) throws {
        for tag in ["t", "x", "l"] {
            let text = "v=1; a=rsa-sha256; d=acme.example; s=s1; b=AA==; bh=AA==; h=from; \(tag)=\(number)"
            let list = try #require(DKIMTagList(Array(text.utf8)[...]))
            let read = try? DKIMSignature(list)
            if let signature = read, tag == "l" { #expect((0...Int.max).contains(signature.bodyLength ?? -1)) }
            if let time = read?.timestamp ?? read?.expiration { #expect((0...999_999_999_999).contains(time)) }
        }
        // The whole way of a mail: what is read is reckoned with.
        let mail = """
            DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=s1; b=AA==; bh=AA==; h=from; t=\(number);\r
             x=\(number); l=\(number)\r
            From: a@acme.example\r
            \r
            text\r

            """
        #expect(RawMessage(Array(mail.utf8)).fields.count == 2)
        for moment in [Int64.min, 0, .max] {
            let field = try #require(RawMessage(Array(mail.utf8)).fields.first)
            _ = DKIMCandidate(field, index: 0, place: 0, asOf: moment)
        }
    }

    @Test(arguments: numbers)
    func `the lengths and the counts of an SPF record`(number: String) {
        for term in ["ip4:192.0.2.0/", "ip6:2001:db8::/", "a/", "a//", "mx:acme.example/24//"] {
            let term = SPFTerm(Array("\(term)\(number)".utf8)[...])
            guard case .directive(let directive)? = term else { continue }
            switch directive.mechanism {
            case .ip4(let network), .ip6(let network): #expect((0...128).contains(network.prefixLength))
            case .a(_, let lengths), .mx(_, let lengths):
                #expect((0...32).contains(lengths.version4) && (0...128).contains(lengths.version6))
            default: break
            }
        }
        let text = SPFMacroString(Array("%{d\(number)r}.acme.example".utf8), in: .domain)
        for case .macro(let macro) in text?.parts ?? [] {
            #expect((1...SPFMacro.partCountMax).contains(macro.partCount ?? 1))
        }
    }

    @Test(arguments: numbers)
    func `the versions of authentication results, and addresses`(number: String) {
        for text in ["mx.example \(number); spf=pass", "mx.example; dkim/\(number)=pass"] {
            guard case .success(let reading) = AuthenticationResultsReading.read(Array(text.utf8)[...]) else {
                continue
            }
            #expect((0...999_999).contains(reading.content.results.first?.methodVersion ?? 0))
        }
        for text in ["\(number).0.0.1", "192.0.2.\(number)", "::\(number)", "\(number)::1"] {
            if let address = IPAddress(text: text) { #expect([4, 16].contains(address.bytes.count)) }
        }
    }

    @Test(arguments: numbers)
    func `the counts and the times of a report, and those in its name`(number: String) {
        let row = { (count: String) in
            """
            <record><row><source_ip>192.0.2.1</source_ip><count>\(count)</count><policy_evaluated/></row>
            <identifiers><header_from>acme.example</header_from></identifiers><auth_results/></record>
            """
        }
        for (begin, end, counts) in [
            (number, number, ["1"]), ("0", number, ["1"]), ("0", "1", [number]), ("0", "1", [number, number]),
            ("0", "1", [number, "9007199254740991"]),
        ] {
            let text = """
                <feedback><report_metadata><org_name>r</org_name><email>r@r.example</email>
                <report_id>\(number)</report_id>
                <date_range><begin>\(begin)</begin><end>\(end)</end></date_range></report_metadata>
                <policy_published><domain>acme.example</domain><p>none</p></policy_published>\
                \(counts.map(row).joined())</feedback>
                """
            let count = AggregateReport.read(Array(text.utf8)).report?.messageCount
            #expect((0...2 * AggregateReport.rowMessagesMax).contains(count ?? 0))
        }
        for name in ["r.example!acme.example!\(number)!1.xml", "r.example!acme.example!1!\(number).xml.gz"] {
            if let read = ReportFileName(name) { #expect((0...999_999_999_999).contains(max(read.begin, read.end))) }
        }
        for reference in ["&#\(number);", "&#x\(number);"] {
            let text = "<feedback><version>\(reference)</version></feedback>"
            #expect(AggregateReport.read(Array(text.utf8)).report == nil)
        }
    }

    @Test func `the counts, lengths and pointers of a packet`() throws {
        let question = Question(try #require(DomainName("acme.example")), .txt)
        var packet = Packet(question: "acme.example", .txt, answers: 1)
        packet.record(owner: Packet.questionName, type: 16, ttl: 300, [3, 0x61, 0x62, 0x63])
        for position in packet.bytes.indices {
            for value: UInt8 in [0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xBF, 0xC0, 0xFF] {
                var bytes = packet.bytes
                bytes[position] = value
                if position + 1 < bytes.count { bytes[position + 1] = value }
                _ = DNSMessage(bytes)?.finding(for: question)
                _ = DNSMessage(bytes)?.denialTTL
            }
        }
    }
}
