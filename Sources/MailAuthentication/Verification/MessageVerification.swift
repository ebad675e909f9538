package import Cryptography
package import Ledger

/// What SPF, DKIM and DMARC say about one message.
package struct MessageVerification: Sendable {
    /// The SHA-256 of the message's bytes, its line ends restored.
    package let rawDigest: Digest
    /// The size in bytes.
    package let size: Int
    /// Whether all its lines came with a bare LF and were given back their CR.
    package let hasRestoredLineEnds: Bool
    /// The Message-ID, if there is exactly one.
    package let messageID: String?
    /// The moment at which signatures were judged.
    package let asOf: Timestamp
    package let author: AuthorField
    /// MAIL FROM, then HELO; empty where the envelope is not known.
    package let spf: [SPFResult]
    package let dkim: DKIMReport
    package let dmarc: DMARCResult
    /// What others wrote into the message about it. It is never a result of ours.
    package let claims: AuthenticationResultsTrust.Claims
    package let hasUnsubscribe: Bool
    /// Whether it offers one-click unsubscription (RFC 8058 §3.1).
    package let hasOneClick: Bool

    package var assessment: MessageAssessment { MessageAssessment(dmarc) }
}
