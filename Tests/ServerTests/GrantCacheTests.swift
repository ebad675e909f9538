import Cryptography
import Ledger
import Testing

@testable import LedgerStore
@testable import Server

@Suite struct `Remembered grants` {
    private let hash = SHA256.digest("mm_live_...")
    private let start = ContinuousClock.now

    private func caller() throws -> Caller {
        let origin = try Origin("acme.example/mail")
        let ledger = StoredLedger(
            id: 1, origin: origin, keys: LedgerKeys(master: SecretKey.random(), origin: origin), keyFault: nil)
        let grant = TokenGrant(
            id: "tok_AAAAAAAAAAAAAAAAAAAAAA", name: "test", scopes: [.read], expiresAt: nil,
            grantedBy: "test", createdAt: Timestamp(microseconds: 0), revokedAt: nil)
        return Caller(ledger: ledger, grant: grant)
    }

    @Test func `are believed for two seconds, and one request renews them after the first`() throws {
        let cache = GrantCache()
        cache.keep(try caller(), hash, readAt: start, ticket: cache.caller(hash, now: start).ticket)
        #expect(cache.caller(hash, now: start + .seconds(1)).caller != nil)
        #expect(cache.caller(hash, now: start + .milliseconds(1500)).caller == nil)
        #expect(cache.caller(hash, now: start + .milliseconds(1500)).caller != nil)
        #expect(cache.caller(hash, now: start + .seconds(2)).caller == nil)
    }

    @Test func `are forgotten at once when they are revoked, also by an answer that was under way`() throws {
        let cache = GrantCache()
        let caller = try caller()
        let ticket = cache.caller(hash, now: start).ticket
        cache.keep(caller, hash, readAt: start, ticket: ticket)
        cache.forget(tokenID: caller.grant.id)
        #expect(cache.caller(hash, now: start).caller == nil)
        cache.keep(caller, hash, readAt: start, ticket: ticket)
        #expect(cache.caller(hash, now: start).caller == nil)
    }
}
