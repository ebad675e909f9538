import Ledger
import Testing

@testable import MailAuthentication

@Suite struct `Evidence that was kept` {
    private let moment = Timestamp(microseconds: 1_800_000_000_000_000)

    private func evidence(
        _ name: String, _ outcome: Answer.Outcome = .answer, askedAt: Timestamp? = nil
    ) throws -> DNSEvidence {
        let question = Question(try #require(DomainName(name)), .txt)
        var observation = DNSEvidence.Observation(askedAt: askedAt ?? moment, answeredAt: askedAt ?? moment)
        observation.outcome = outcome
        observation.validation = .insecure
        if outcome == .answer {
            var packet = Packet(question: name, .txt, answers: 1)
            packet.record(owner: Packet.questionName, type: 16, ttl: 60, [2, 0x61, 0x62])
            observation.packet = packet.bytes
        }
        let origin = DNSEvidence.Origin(kind: "test", version: "1", upstream: ["127.0.0.1@53"])
        return DNSEvidence(question, origin, observation)
    }

    @Test(arguments: [Answer.Outcome.answer, .timeout, .servfail, .bogus])
    func `is the same when it is read back`(outcome: Answer.Outcome) throws {
        let first = try evidence("_dmarc.acme.example", outcome)
        let again = try #require(DNSEvidence(json: first.json))
        #expect(again.id == first.id)
        #expect(again.answer == first.answer)
        #expect(again.observation.askedAt == moment)
    }

    @Test func `is no evidence once a byte of it is another`() throws {
        let json = try evidence("_dmarc.acme.example").json
        for index in json.indices {
            var changed = json
            changed[index] ^= 1
            // Another name, time or server is other evidence; whatever is read has the digest of what was read.
            if let read = DNSEvidence(json: changed) { #expect(read.json == changed) }
        }
        #expect(DNSEvidence(json: []) == nil)
        #expect(DNSEvidence(json: json + [0x20]) == nil)
    }

    @Test func `answers what was asked, and says what was not`() async throws {
        let kept = try evidence("_dmarc.acme.example")
        let source = KeptEvidence([kept], at: moment)
        let other = Question(try #require(DomainName("acme.example")), .txt)
        #expect(await source.evidence(of: kept.question).id == kept.id)
        #expect(source.missing.isEmpty)
        #expect(await source.evidence(of: other).answer.outcome == .timeout)
        #expect(source.missing == [other])
    }

    @Test func `is asked for anew when it is too old, DMARC sooner than all else`() async throws {
        let live = KeptEvidence([], at: moment)
        let old = Timestamp(microseconds: moment.microseconds - 10)
        let dmarc = try evidence("_dmarc.acme.example", askedAt: old)
        let spf = try evidence("acme.example", askedAt: old)
        let failed = try evidence("s1._domainkey.acme.example", .timeout, askedAt: moment)
        let source = IdentityEvidence(
            live, keeping: [dmarc, spf, failed], dmarcSince: Timestamp(microseconds: moment.microseconds - 5),
            othersSince: Timestamp(microseconds: moment.microseconds - 50))
        for each in [dmarc, spf, failed] { _ = await source.evidence(of: each.question) }
        #expect(live.missing == [dmarc.question, failed.question])
    }
}
