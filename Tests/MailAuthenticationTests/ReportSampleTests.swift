import FoundationEssentials
import MailAuthentication
import Testing

/// The twelve reports of the vectors, as senders wrote them.
@Suite struct `The reports of the field` {
    private struct Expected: Decodable {
        let reports: [Report]
    }

    private struct Report: Decodable {
        let file: String
        let xmlBytes: Int
        let namespace: String?
        let version: String?
        let orgName: String
        let email: String
        let reportId: String
        let begin: Int64
        let end: Int64
        let policyDomain: String
        let policy: [String: String]
        let records: Int
        let countSum: Int64
        let dkimAlignedCount: Int64
        let spfAlignedCount: Int64
        let dispositions: [String: Int64]
        let firstSourceIp: String
    }

    /// What our reader mends in each; the others are accepted as they stand.
    private static let repairs: [String: [ReportRepair]] = [
        "!large-example.com!1711897200!1711983600.xml": [.orgNameMissing, .authDomainMissing],
        "empty_reason.xml": [.emptyReason],
        "rfc9990-example.net!example.com!1700000000!1700086399.xml": [.unknownVersion, .namespaceMissing],
    ]

    private func published(_ policy: AggregateReport.PublishedPolicy) -> [String: String] {
        let words: [String: String?] = [
            "p": policy.policy?.rawValue, "sp": policy.subdomainPolicy?.rawValue,
            "np": policy.nonexistentPolicy?.rawValue, "adkim": policy.adkim?.rawValue, "aspf": policy.aspf?.rawValue,
            "pct": policy.percentage, "fo": policy.failureOptions, "testing": policy.testing.map { $0 ? "y" : "n" },
            "discovery_method": policy.discoveryMethod?.rawValue,
        ]
        return words.compactMapValues(\.self)
    }

    private func sum(_ report: AggregateReport, _ condition: (AggregateReport.Row) -> Bool) -> Int64 {
        report.rows.filter(condition).reduce(0) { $0 + $1.count }
    }

    private func check(_ report: AggregateReport, _ expected: Report) {
        #expect(report.namespace == expected.namespace)
        #expect(report.version == expected.version)
        #expect(report.metadata.orgName == expected.orgName)
        #expect(report.metadata.email == expected.email)
        #expect(report.metadata.reportID == expected.reportId)
        #expect(report.metadata.begin == expected.begin)
        #expect(report.metadata.end == expected.end)
        #expect(report.policy.domain?.text == expected.policyDomain)
        #expect(published(report.policy) == expected.policy)
        #expect(report.rows.count == expected.records)
        #expect(report.messageCount == expected.countSum)
        #expect(sum(report) { $0.dkim == .pass } == expected.dkimAlignedCount)
        #expect(sum(report) { $0.spf == .pass } == expected.spfAlignedCount)
        let dispositions = Dictionary(
            report.rows.map { ($0.disposition?.rawValue ?? "", $0.count) }, uniquingKeysWith: +)
        #expect(dispositions == expected.dispositions)
        #expect(report.rows.first?.sourceText == expected.firstSourceIp)
        #expect(report.rows.first?.source?.description == expected.firstSourceIp)
        #expect(report.unknownElementCount == 0)
    }

    @Test func `are all read, with every member as expected and each oddity as a repair`() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let expected = try decoder.decode(Expected.self, from: Data(try Vectors.bytes("rua/expected.json")))
        #expect(expected.reports.count == 12)
        for sample in expected.reports {
            let document = try ReportDocument(try Vectors.bytes("rua/\(sample.file)"))
            #expect(document.xml.count == sample.xmlBytes)
            #expect(document.repairs.isEmpty)
            let reading = AggregateReport.read(document.xml)
            check(try #require(reading.report, "\(sample.file): \(reading)"), sample)
            #expect(reading.repairs == Self.repairs[sample.file] ?? [], "\(sample.file)")
        }
    }

    @Test func `have names that are read too`() throws {
        let google = try #require(ReportFileName("google.com!borschow.com!1549929600!1550015999.zip"))
        #expect(google.policyDomain.text == "borschow.com")
        #expect(google.container == .zip)
    }
}
