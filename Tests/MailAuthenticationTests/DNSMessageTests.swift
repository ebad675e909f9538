import Ledger
import SeededRandom
import Testing

@testable import MailAuthentication

@Suite struct `A wire message` {
    @Test func `gives the records at the end of the aliases, and the least TTL`() throws {
        var packet = Packet(question: "www.acme.example", .a, answers: 3)
        packet.record(owner: Packet.questionName, type: 5, ttl: 300, Packet.name("web.acme.example"))
        packet.record(owner: Packet.name("web.acme.example"), type: 1, ttl: 60, [192, 0, 2, 1])
        packet.record(owner: Packet.name("other.example"), type: 1, ttl: 5, [192, 0, 2, 9])
        let finding = try #require(DNSMessage(packet.bytes)?.finding(for: try question("www.acme.example", .a)))
        #expect(finding.aliases.map(\.text) == ["web.acme.example"])
        #expect(finding.records == [.address(try #require(IPAddress(text: "192.0.2.1")))])
        #expect(finding.ttl == 60)
    }

    @Test func `keeps the strings of a text apart, empty ones too`() throws {
        var packet = Packet(question: "acme.example", .txt, answers: 1)
        packet.record(owner: Packet.questionName, type: 16, ttl: 60, [2, 0x61, 0x62, 0, 1, 0xFF])
        let finding = try #require(DNSMessage(packet.bytes)?.finding(for: try question("acme.example", .txt)))
        #expect(finding.records == [.text([[0x61, 0x62], [], [0xFF]])])
        #expect(finding.records.first?.joinedText == [0x61, 0x62, 0xFF])
    }

    @Test func `says how long a denial holds`() throws {
        var packet = Packet(question: "acme.example", .txt, answers: 0, authorities: 1)
        let numbers: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 30]
        packet.record(owner: [0], type: 6, ttl: 600, Packet.name("ns") + Packet.name("host") + numbers)
        #expect(DNSMessage(packet.bytes)?.denialTTL == 30)
    }

    @Test func `whose aliases lead in a circle gives nothing`() throws {
        var packet = Packet(question: "a.example", .a, answers: 2)
        packet.record(owner: Packet.questionName, type: 5, ttl: 60, Packet.name("b.example"))
        packet.record(owner: Packet.name("b.example"), type: 5, ttl: 60, Packet.name("a.example"))
        let message = try #require(DNSMessage(packet.bytes))
        #expect(message.finding(for: try question("a.example", .a)) == nil)
    }

    @Test(
        arguments: [
            [0xC0, 0x0C], [0xC0, 0xFF], [0x3F, 0x61], [0x40, 0x61, 0], [0x80, 0], [1, 0x61],
        ] as [[UInt8]])
    func `with a name that leads forward, to itself or beyond the end is unreadable`(name: [UInt8]) {
        let head: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]
        #expect(DNSMessage(head + name) == nil)
    }

    @Test func `with names that no domain can have tells nothing of them`() throws {
        var packet = Packet(question: "acme.example", .ptr, answers: 2)
        packet.record(owner: Packet.questionName, type: 12, ttl: 60, [3, 0x61, 0x2E, 0x62, 0])
        packet.record(owner: [1, 0xFF, 0], type: 12, ttl: 60, Packet.name("b.example"))
        let finding = try #require(DNSMessage(packet.bytes)?.finding(for: try question("acme.example", .ptr)))
        #expect(finding.records.isEmpty)
    }

    @Test func `that is changed anywhere, or cut, harms nobody`() throws {
        var packet = Packet(question: "www.acme.example", .txt, answers: 3, authorities: 1)
        packet.record(owner: Packet.questionName, type: 5, ttl: 300, Packet.name("web.acme.example"))
        packet.record(owner: Packet.name("web.acme.example"), type: 16, ttl: 60, [4, 0x76, 0x3D, 0x73, 0x70])
        packet.record(owner: Packet.questionName, type: 15, ttl: 60, [0, 10] + Packet.name("mx.acme.example"))
        packet.record(owner: [0], type: 6, ttl: 600, [UInt8](repeating: 0, count: 22))
        let whole = packet.bytes
        let asked = try question("www.acme.example", .txt)
        #expect(DNSMessage(whole)?.finding(for: asked)?.records.count == 1)
        for size in whole.indices { _ = DNSMessage(Array(whole[..<size]))?.finding(for: asked) }
        var random = SplitMix64()
        var readable = 0
        for _ in 0..<10_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if let finding = DNSMessage(bytes)?.finding(for: asked) {
                readable += 1
                #expect(finding.aliases.count <= DNSMessage.aliasesMax)
            }
        }
        #expect((1_000..<10_000).contains(readable), "\(readable) were readable")
    }
}

@Suite struct `Evidence of a look-up` {
    private let origin = DNSEvidence.Origin(kind: "test", version: "1", upstream: ["127.0.0.1@53"])

    private func observation(_ outcome: Answer.Outcome, _ packet: [UInt8]) -> DNSEvidence.Observation {
        var observation = DNSEvidence.Observation(
            askedAt: Timestamp(microseconds: 1_000_000), answeredAt: Timestamp(microseconds: 1_500_000))
        observation.outcome = outcome
        observation.packet = packet
        return observation
    }

    @Test func `is canonical JSON, and its id is the digest of that`() throws {
        var packet = Packet(question: "acme.example", .txt, answers: 1)
        packet.record(owner: Packet.questionName, type: 16, ttl: 60, [1, 0x61])
        let evidence = DNSEvidence(try question("acme.example", .txt), origin, observation(.answer, packet.bytes))
        #expect(evidence.answer.outcome == .answer)
        #expect(evidence.answer.texts == [[0x61]])
        #expect(evidence.ttl == 60)
        let value = try JSONReader.read(evidence.json)
        #expect(CanonicalWriter.bytes(of: value) == evidence.json)
        #expect(value["qname"]?.text == "acme.example")
        #expect(value["asked_at"]?.text == "1970-01-01T00:00:01.000000Z")
    }

    @Test func `that does not show what the resolver says is a failure of the server`() throws {
        let empty = Packet(question: "acme.example", .txt, answers: 0).bytes
        let asked = try question("acme.example", .txt)
        #expect(DNSEvidence(asked, origin, observation(.answer, empty)).answer.outcome == .servfail)
        #expect(DNSEvidence(asked, origin, observation(.answer, [])).answer.outcome == .servfail)
        #expect(DNSEvidence(asked, origin, observation(.nodata, empty)).answer.outcome == .nodata)
    }

    @Test func `of an alias whose target is not there says that the name itself is`() throws {
        var packet = Packet(question: "www.acme.example", .a, answers: 1, authorities: 1)
        packet.record(owner: Packet.questionName, type: 5, ttl: 3_600, Packet.name("gone.example"))
        let numbers: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 60]
        packet.record(owner: [0], type: 6, ttl: 600, Packet.name("ns") + Packet.name("host") + numbers)
        let evidence = DNSEvidence(try question("www.acme.example", .a), origin, observation(.nxdomain, packet.bytes))
        #expect(evidence.answer.outcome == .nodata)
        #expect(evidence.ttl == 60, "the least of the alias and the denial")
        let again = try #require(DNSEvidence(json: evidence.json))
        #expect((again.answer.outcome, again.id) == (.nodata, evidence.id))
    }

    @Test func `of records that name what no domain can be is an answer without any`() throws {
        var packet = Packet(question: "acme.example", .ptr, answers: 1)
        packet.record(owner: Packet.questionName, type: 12, ttl: 60, [3, 0x61, 0x2E, 0x62, 0])
        let evidence = DNSEvidence(try question("acme.example", .ptr), origin, observation(.answer, packet.bytes))
        #expect(evidence.answer.outcome == .answer)
        #expect(evidence.answer.records.isEmpty)
    }

    @Test func `of a bogus answer shows no records`() throws {
        var packet = Packet(question: "acme.example", .txt, answers: 1)
        packet.record(owner: Packet.questionName, type: 16, ttl: 60, [1, 0x61])
        let evidence = DNSEvidence(try question("acme.example", .txt), origin, observation(.bogus, packet.bytes))
        #expect(evidence.answer.records.isEmpty)
        #expect(evidence.answer.isTemporaryError)
    }

    @Test func `is asked for once in an evaluation`() async throws {
        let source = Counting()
        let resolver = EvaluationResolver(source)
        let asked = try question("acme.example", .txt)
        for _ in 0..<3 { _ = await resolver.answer(to: asked) }
        #expect(await source.count == 1)
        #expect(resolver.evidence.map(\.question) == [asked])
    }

    private actor Counting: EvidenceSource {
        var count = 0

        func evidence(of question: Question) async -> DNSEvidence {
            count += 1
            let moment = Timestamp(microseconds: 0)
            return DNSEvidence(
                question, .init(kind: "test", version: "1", upstream: []),
                .init(askedAt: moment, answeredAt: moment))
        }
    }
}

private func question(_ name: String, _ type: RecordType) throws -> Question {
    Question(try #require(DomainName(name)), type)
}
