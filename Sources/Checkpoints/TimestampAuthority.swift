package import Cryptography
package import Ledger
package import LedgerStore
package import Outbound

/// Asks a timestamp authority what time it is (RFC 3161): a checkpoint that it has stamped was there then, whoever gets
/// hold of our keys later.
package struct TimestampAuthority: Sendable {
    /// Why there is no timestamp: a sentence for people.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        /// A word for machines.
        package let code: String
        package let description: String
    }

    private static let nonceSize = 16

    private let url: String
    private let trusted: TrustedCertificates
    private let client: HTTPClient
    private let limits: HTTPLimits

    /// - Parameters:
    ///   - url: where requests are sent (RFC 3161 §3.4).
    ///   - trusted: whoever may vouch for the authority.
    package init(url: String, trusted: TrustedCertificates, client: HTTPClient, timeout: Duration) {
        self.url = url
        self.trusted = trusted
        self.client = client
        limits = HTTPLimits(
            connectTimeout: timeout, timeout: timeout, answerSizeMax: TimestampResponse.sizeMax)
    }

    /// Has the ledger's newest checkpoint stamped, and keeps the token.
    ///
    /// - Returns: the checkpoint.
    @discardableResult
    package func stamp(
        _ ledger: StoredLedger, in store: LedgerStore
    ) async throws(Fault) -> (published: PublishedCheckpoint, stampedAt: Timestamp) {
        let newest = try await asking { () throws(StoreError) in
            guard let newest = try await store.checkpoint(of: ledger),
                // Before the authority is asked, for the next checkpoint may push it out.
                try await store.keepCheckpoint(of: ledger, size: newest.size)
            else { throw StoreError(.notSigned, "there is no checkpoint to stamp; sign one first") }
            return newest
        }
        let (token, stampedAt) = try await stamp(newest)
        try await asking { () throws(StoreError) in
            try await store.addTimestamp(token.der, of: ledger, size: newest.size, stampedAt: stampedAt)
        }
        return (newest, stampedAt)
    }

    private func asking<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(Fault) -> Value {
        do throws(StoreError) { return try await body() } catch {
            throw Fault(code: error.code.rawValue, description: error.reason)
        }
    }

    /// Has a checkpoint stamped, and verifies what came.
    private func stamp(
        _ published: PublishedCheckpoint
    ) async throws(Fault) -> (token: TimestampToken, stampedAt: Timestamp) {
        let digest = SHA256.digest(published.ownNote.bytes)
        guard let request = TimestampRequest(of: digest, nonce: Random.bytes(Self.nonceSize)) else {
            throw Fault(code: "internal", description: "the request could not be made")
        }
        let answer: HTTPAnswer
        do throws(OutboundError) {
            answer = try await client.answer(
                to: .post(request.der, as: TimestampRequest.contentType, to: url), within: limits)
        } catch {
            throw Fault(code: "unreachable", description: "\(error)")
        }
        guard answer.status == 200 else {
            throw Fault(code: "refused", description: "the authority answered with status \(answer.status)")
        }
        switch TimestampResponse(answer.body, to: request) {
        case .refused(let refusal): throw Fault(code: "refused", description: "\(refusal)")
        case .granted(let token):
            let verdict = token.verify(over: digest, trusting: trusted)
            guard case .verified(let statement, _) = verdict else {
                throw Fault(code: "untrusted", description: "\(verdict)")
            }
            return (token, Timestamp(microseconds: statement.microseconds))
        }
    }
}
