import Cryptography
import Ledger
import Testing

@testable import LedgerStore

@Suite struct `The rule for keys` {
    private func unit(_ count: Int) throws -> AppendUnit {
        let origin = try Origin("a.example/mail")
        let keys = LedgerKeys(master: .random(), origin: origin)
        let drafts = try (0..<count).map { number in
            try Draft(
                Event(kind: .send, outcome: "sent"), origin: origin, reporter: Reporter(id: "t", via: .ingest),
                idempotencyTag: [UInt8](repeating: UInt8(number % 256), count: 16), random: Random.bytes)
        }
        return AppendUnit(drafts.map { AppendUnit.Item($0, keys: keys) })
    }

    @Test func `few keys are looked up and many are not`() throws {
        let rule = KeyRule()
        #expect(try rule.asks([unit(64)]))
        #expect(try !rule.asks([unit(65)]))
        #expect(try !rule.asks([unit(40), unit(40)]))
    }

    @Test func `after a repeat all are looked up until none has come for a while`() throws {
        var rule = KeyRule()
        let many = [try unit(100)]
        rule.hasMetRepeat()
        for _ in 0..<63 { rule.hasCommitted(replaying: false) }
        #expect(rule.asks(many))
        rule.hasCommitted(replaying: true)
        for _ in 0..<63 { rule.hasCommitted(replaying: false) }
        #expect(rule.asks(many))
        rule.hasCommitted(replaying: false)
        #expect(!rule.asks(many))
    }
}
