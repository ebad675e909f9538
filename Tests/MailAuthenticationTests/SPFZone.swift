import MailAuthentication
import Testing

/// A zone for tests of SPF, written as lines `name TYPE value`; a value `!outcome` is a failure of the look-up.
enum SPFZone {
    static func make(_ lines: String...) throws -> TestZone { try make(lines) }

    static func make(_ lines: [String]) throws -> TestZone {
        var entries: [Question: TestZone.Entry] = [:]
        for line in lines {
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            try #require(parts.count == 3, "\(line)")
            let name = try #require(DomainName(parts[0]), "\(line)")
            let type = try #require(RecordType.allCases.first { $0.name == parts[1] }, "\(line)")
            let question = Question(name, type)
            if parts[2].hasPrefix("!") {
                entries[question] = .failure(try #require(Answer.Outcome(rawValue: String(parts[2].dropFirst()))))
                continue
            }
            var records: [RecordData] = []
            if case .records(let present) = entries[question] { records = present }
            entries[question] = .records(records + [try record(type, parts[2])])
        }
        return TestZone(entries)
    }

    private static func record(_ type: RecordType, _ value: String) throws -> RecordData {
        switch type {
        case .a, .aaaa: .address(try #require(IPAddress(text: value)))
        case .ptr, .cname: .pointer(try #require(DomainName(value)))
        case .mx: .exchange(preference: 10, host: DomainName(value))
        case .txt: .text([Array(value.utf8)])
        }
    }
}

extension TestZone {
    /// The result for a client and a path, with the HELO name `mail.example.org`.
    func check(
        _ client: String = "192.0.2.1", _ mailFrom: String = "user@example.com", helo: String = "mail.example.org",
        scope: SPFScope = .mfrom
    ) async throws -> SPFResult {
        let client = try #require(IPAddress(text: client))
        let request = SPFRequest(
            client: client, helo: helo, mailFrom: mailFrom, receiver: "mx.example.net", time: 1_700_000_000)
        return await SPFEvaluator(resolver: self).evaluate(request, scope: scope)
    }
}
