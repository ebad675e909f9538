package import Cryptography

/// What came of one signature (RFC 8601 §2.7.1), with what it says about itself.
///
/// The texts are those of the field as far as it could be read, white space left out, names in A-labels, whatever the
/// result.
package struct DKIMResult: Sendable, Hashable {
    /// The words of RFC 8601 §2.7.1.
    package enum Value: String, Sendable, Hashable, CaseIterable {
        /// There is no signature. Only a report says it.
        case none
        case pass
        case fail
        case policy
        case neutral
        case temperror
        case permerror
    }

    /// The place among the signatures of the message, from the top, counted from 0.
    package let index: Int
    package let reason: DKIMReason
    /// What stands behind the reason `testing_key`.
    package let defect: DKIMReason?
    /// `d=`.
    package let domain: String?
    /// `i=`, or what stands for it when it is absent.
    package let identity: String?
    /// `s=`.
    package let selector: String?
    /// `a=`, also one that we do not know.
    package let algorithm: String?
    /// `c=`, in full where it is known.
    package let canonicalization: String?
    /// The first 8 characters of `b=`, which tell signatures of one domain apart (RFC 6008 §4).
    package let signatureStart: String?
    /// `bh=`.
    package let bodyHash: String?
    /// The length of the key, once it was found.
    package let bits: Int?
    /// Whether the key's owner says that he is only testing.
    package let isTesting: Bool
    /// `h=` in lower case; empty if the field could not be read.
    package let signedHeaders: [String]
    /// Those of ``important`` of which a field stands in the message that the signature does not cover.
    package let unsignedImportant: [String]
    /// `l=`.
    package let bodyLength: Int?
    /// `t=`, in seconds since 1970.
    package let timestamp: Int64?
    /// `x=`, in seconds since 1970.
    package let expiration: Int64?
    /// The evidence of the look-up at the selector; empty if nothing was asked.
    package let evidence: [Digest]

    /// The result itself.
    package var value: Value { reason.value }

    /// Fields that change what a reader sees or what his program does (RFC 6376 §5.4.1 and §8.15, RFC 8058 §4).
    package static let important = [
        "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
        "list-id", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type",
        "content-transfer-encoding",
    ]
}
