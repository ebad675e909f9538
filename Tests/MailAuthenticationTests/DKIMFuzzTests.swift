import SeededRandom
import Testing

@testable import MailAuthentication

@Suite struct `Hostile DKIM` {
    private let samples = [
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com;\r\n"
            + " i=@football.example.com;\r\n"
            + " q=dns/txt; s=brisbane; t=1528637909; x=1999999999; l=10; z=From:a=20b|To:c; h=from : to :\r\n"
            + " subject : date : from;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
            + " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==;\r\n"
            + "From: Joe <joe@football.example.com>\r\nSubject: Is dinner\r\n ready?\r\n\r\nHi.\r\n \r\nJoe.\r\n"
    ]
    private let records = [
        DKIMSigner.record, DKIMSigner.bareRecord,
        "v=DKIM1; k=ed25519; h=sha256; s=*:email; t=y:s; n=a=20b; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    ]

    private func mutate(_ bytes: [UInt8], using generator: inout SplitMix64) -> [UInt8] {
        let interesting = Array("=;:@/ \t\r\n.-09azAZ+|".utf8) + [0, 0x7F, 0x80, 0xC3, 0xFF]
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            let byte = interesting[Int.random(in: 0..<interesting.count, using: &generator)]
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes.insert(byte, at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count: bytes[place] = byte
            case 3: bytes.removeSubrange(place..<min(place + 30, bytes.count))
            default:
                let end = min(place + Int.random(in: 0...40, using: &generator), bytes.count)
                bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...place, using: &generator))
            }
        }
        return bytes
    }

    @Test func `10,000 mutated messages and keys end in a result of the list`() async throws {
        var generator = SplitMix64()
        let name = try #require(DomainName("brisbane._domainkey.football.example.com"))
        for round in 0..<10_000 {
            let message = RawMessage(mutate(Array(samples[round % samples.count].utf8), using: &generator))
            let record = mutate(Array(records[round % records.count].utf8), using: &generator)
            let zone = TestZone([Question(name, .txt): .records([.text([record])])])
            let report = await DKIMVerifier(resolver: zone).verify(message, asOf: 1_700_000_000)
            let count = message.fields(named: "dkim-signature").count
            #expect(report.results.count == min(count, DKIMVerifier.signatureCountMax))
            #expect(!report.results.contains { $0.value == .pass || $0.value == .none })
            #expect(zone.questions.count <= DKIMVerifier.signatureCountMax)
        }
    }
}
