import MailAuthentication
import Testing

/// One case of `vectors/dmarc/cases.json`.
struct DMARCCase: Decodable {
    /// What the zone holds at a name: TXT records, or a word for what a look-up comes to.
    enum Owner: Decodable {
        case texts([[String]])
        case outcome(Answer.Outcome)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let word = try? container.decode(String.self) {
                self = .outcome(try #require(Answer.Outcome(rawValue: word)))
            } else {
                self = .texts(try container.decode([Record].self).map(\.strings))
            }
        }
    }

    /// A TXT record of one or several strings.
    struct Record: Decodable {
        let strings: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            strings = try (try? container.decode([String].self)) ?? [container.decode(String.self)]
        }
    }

    struct Signature: Decodable {
        let d: String
        let result: String
    }

    struct Expected: Decodable {
        let result: String
        let org_domain, policy_domain, declared_policy, applied_policy, psl_result: String?
        let spf_aligned, dkim_aligned: Bool?
        let anomalies: [String]
        let queries, rua: [String]?
    }

    let id: String
    let zone: [String: Owner]
    let from: String
    let mail_from: String?
    let spf_result: String
    let dkim: [Signature]
    let expected: Expected
    let disputed: String?

    func testZone() throws -> TestZone {
        var entries: [Question: TestZone.Entry] = [:]
        for (name, owner) in zone {
            let name = try #require(DomainName(name))
            switch owner {
            case .texts(let records):
                entries[Question(name, .txt)] = .records(records.map { .text($0.map { Array($0.utf8) }) })
            case .outcome(let outcome):
                for type: RecordType in [.a, .txt] { entries[Question(name, type)] = .failure(outcome) }
            }
        }
        return TestZone(entries)
    }

    func domain(of address: String) throws -> DomainName {
        try #require(address.split(separator: "@").last.flatMap { DomainName($0) })
    }

    func identifiers() throws -> [DMARCIdentifier] {
        var identifiers: [DMARCIdentifier] = []
        if let mail_from, spf_result == "pass" { identifiers.append(.mailFrom(try domain(of: mail_from), .passed)) }
        for signature in dkim where signature.result == "pass" {
            identifiers.append(.signature(try domain(of: signature.d), .passed))
        }
        return identifiers
    }
}
