package import Cryptography

extension DKIMKey {
    /// The fewest bits of an RSA key (RFC 8301 §3.2).
    package static let rsaBitsMin = 1_024

    /// Why the key may not be used for the signature, before anything is computed (RFC 6376 §6.1.2); nil if it may.
    package func refusal(of signature: DKIMSignature) -> DKIMReason? {
        if let hashes, !hashes.contains(signature.algorithm.hash) { return .keyTypeMismatch }
        guard services.contains("*") || services.contains("email") else { return .keyServiceMismatch }
        if case .revoked = material { return .keyRevoked }
        guard type == signature.algorithm.keyType else { return .keyTypeMismatch }
        if isStrict, signature.identity.domain != signature.domain { return .identityMismatch }
        if case .rsa(let key) = material, key.bits < Self.rsaBitsMin { return .weakKey }
        return nil
    }

    /// Whether `signature` was made with the key over data of this digest. Ed25519 signs the digest itself as its
    /// message (RFC 8463 §3).
    package func verifies(_ signature: [UInt8], of digest: Digest) -> Bool {
        switch material {
        case .rsa(let key): key.verifies(signature, of: digest)
        case .ed25519(let key): key.verifies(signature, of: digest.bytes)
        case .revoked, .unknownType: false
        }
    }
}
