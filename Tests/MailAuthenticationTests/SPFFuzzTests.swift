import Cryptography
import MailAuthentication
import SeededRandom
import Testing

/// A name system that says anything, but always the same to the same question.
private struct HostileZone: Resolver {
    let records: [[UInt8]]
    let seed: UInt64

    func answer(to question: Question) async -> Answer {
        let evidence = SHA256.digest("\(seed) \(question.name) \(question.type.name)")
        let choice = Int(evidence.bytes[0])
        let data: [RecordData] =
            switch question.type {
            case .txt: [.text([records[choice % records.count]])]
            case .a: IPAddress([192, 0, 2, evidence.bytes[1]]).map { [.address($0)] } ?? []
            case .aaaa: IPAddress(evidence.bytes.prefix(16)).map { [.address($0)] } ?? []
            case .mx: [RecordData](repeating: .exchange(preference: 1, host: question.name), count: choice % 13)
            case .ptr, .cname: [RecordData](repeating: .pointer(question.name), count: choice % 13)
            }
        let outcomes: [Answer.Outcome] = [.nodata, .nxdomain, .timeout, .bogus]
        if choice >= 224 { return Answer(question, outcomes[choice % outcomes.count], [], evidence: evidence) }
        return Answer(question, .answer, data, evidence: evidence)
    }
}

@Suite struct `SPF under mutated input` {
    private static let seed: UInt64 = 0x7208
    /// The record; ten terms with a question and ten hosts each; the client's names with their hosts; the explanation.
    private static let evidenceCountMax = 123
    private static let records = [
        "v=spf1 a:%{d}.example/24//64 mx include:%{l1r-}.%{o} exists:%{ir}.%{v}.example.org ptr -all "
            + "exp=%{p}.example.com",
        "v=spf1 redirect=%{h2}.%{D3R+-_} foo=%{S}%%%_%-", "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all",
        "v=spf1 include:a.example include:b.example redirect=c.example",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: [UInt8], _ generator: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert("%{}/:=. -0drp".utf8.randomElement(using: &generator) ?? 0x20, at: index)
            default: bytes += bytes[index...]
            }
        }
        return bytes
    }

    private static func mutate(_ text: String, _ generator: inout SplitMix64) -> String {
        String(decoding: mutate(Array(text.utf8), &generator), as: UTF8.self)
    }

    @Test func `never crashes, and all bounds hold`() async throws {
        print("seed \(Self.seed)")
        var generator = SplitMix64(seed: Self.seed)
        var values: Set<SPFResult.Value> = []
        for _ in 0..<10_000 {
            let records = Self.records.map { Self.mutate($0, &generator) }
            let zone = HostileZone(records: records, seed: generator.next())
            let address = generator.next() % 2 == 0 ? [192, 0, 2, 1] : [UInt8](repeating: 0x20, count: 16)
            let request = SPFRequest(
                client: try #require(IPAddress(address)), helo: Self.mutate("mail.example.org", &generator),
                mailFrom: Self.mutate("strong-bad@a.b.example.com", &generator))
            let result = await SPFEvaluator(resolver: zone).evaluate(request, scope: .mfrom)
            values.insert(result.result)
            #expect(result.lookupCount <= 11)
            #expect(result.voidCount <= 3)
            #expect(result.evidence.count <= Self.evidenceCountMax)
            #expect(await SPFEvaluator(resolver: zone).evaluate(request, scope: .mfrom) == result, "not repeatable")
        }
        #expect(values.count == SPFResult.Value.allCases.count, "\(values)")
    }
}
