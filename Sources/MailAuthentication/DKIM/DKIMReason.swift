/// Why a signature got its result: a closed list.
///
/// RFC 6376 §6.1 leaves to the verifier which word of RFC 8601 §2.7.1 goes with which defect; ``value`` is our choice.
package enum DKIMReason: String, Error, Sendable, Hashable, CaseIterable {
    /// The signature verifies, and nothing speaks against it.
    case ok

    /// The body is not the one that was signed (RFC 6376 §6.1.3), or is shorter than `l=` says.
    case bodyHashMismatch = "body_hash_mismatch"
    /// The signature does not verify under the key (RFC 6376 §6.1.3).
    case signatureMismatch = "signature_mismatch"

    /// The field is no list of tags, lacks a required one, or a value breaks its syntax (RFC 6376 §6.1.1); also a `q=`
    /// without a method that we know.
    case headerSyntax = "header_syntax"
    /// `v=` is not 1.
    case unknownVersion = "unknown_version"
    case unknownAlgorithm = "unknown_algorithm"
    case unknownCanonicalization = "unknown_canonicalization"

    /// `h=` does not name From.
    case fromNotSigned = "from_not_signed"
    /// The domain of `i=` is not that of `d=` nor below it, or is below it where the key says `t=s`.
    case identityMismatch = "identity_mismatch"
    /// There is no TXT record at the selector.
    case keyNotFound = "key_not_found"
    /// `p=` is empty.
    case keyRevoked = "key_revoked"
    /// What stands at the selector is no key record.
    case keySyntax = "key_syntax"
    /// The key's type or its list of hashes does not fit the algorithm of the signature.
    case keyTypeMismatch = "key_type_mismatch"
    /// The key is not for mail (`s=`).
    case keyServiceMismatch = "key_service_mismatch"
    /// Several key records stand at the selector, and nothing says which is meant (RFC 6376 §3.6.2.2).
    case multipleKeys = "multiple_keys"

    /// RSA with fewer bits than RFC 8301 §3.2 allows.
    case weakKey = "weak_key"
    /// rsa-sha1, which RFC 8301 §3.1 forbids.
    case sha1
    /// All verifies, but only for the first `l=` octets of the body: anybody may have written the rest.
    case bodyLengthLimit = "body_length_limit"
    /// The time is past `x=`.
    case expired
    /// `t=` lies in the future.
    case futureTimestamp = "future_timestamp"
    /// The signature fails, and the key's owner says that he is only testing (`t=y`): it is as if there were none.
    case testingKey = "testing_key"

    case dnsTimeout = "dns_timeout"
    case dnsServfail = "dns_servfail"
    case dnsBogus = "dns_bogus"

    /// The result that the reason leads to.
    package var value: DKIMResult.Value {
        switch self {
        case .ok: .pass
        case .bodyHashMismatch, .signatureMismatch: .fail
        case .headerSyntax, .unknownVersion, .unknownAlgorithm, .unknownCanonicalization: .neutral
        case .fromNotSigned, .identityMismatch, .keyNotFound, .keyRevoked, .keySyntax, .keyTypeMismatch,
            .keyServiceMismatch, .multipleKeys:
            .permerror
        case .weakKey, .sha1, .bodyLengthLimit, .expired, .futureTimestamp, .testingKey: .policy
        case .dnsTimeout, .dnsServfail, .dnsBogus: .temperror
        }
    }
}
