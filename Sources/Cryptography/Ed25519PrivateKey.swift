import CLibCrypto

/// A private key of Ed25519 (RFC 8032 §5.1.5): it signs, and never leaves this type.
///
/// `@unchecked Sendable` because an `EVP_PKEY` that is complete is only read by signing.
package final class Ed25519PrivateKey: @unchecked Sendable {
    /// The length of a seed in bytes.
    package static let seedSize = 32
    /// The length of a signature in bytes.
    package static let signatureSize = 64

    /// The 32 bytes of the public key.
    package let publicKey: [UInt8]
    private let handle: Handle

    /// The key of exactly 32 bytes of seed; nil for any other length.
    package init?(seed: [UInt8]) {
        guard seed.count == Self.seedSize else { return nil }
        let key = unsafe seed.withUnsafeBufferPointer {
            unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, $0.baseAddress, $0.count)
        }
        guard let key = unsafe key else { return nil }
        handle = unsafe Handle(owning: key)
        guard let publicKey = handle.publicKey() else { return nil }
        self.publicKey = publicKey
    }

    /// The signature over `message`, which is the same each time; nil only when there is no memory.
    package func signature(of message: [UInt8]) -> [UInt8]? { handle.signature(of: message) }

    /// The owner of an `EVP_PKEY`, freed once.
    @safe private struct Handle: ~Copyable {
        private let key: OpaquePointer  // <EVP_PKEY>

        @unsafe init(owning key: OpaquePointer) { unsafe self.key = key }

        deinit { unsafe EVP_PKEY_free(key) }

        func publicKey() -> [UInt8]? {
            var bytes = [UInt8](repeating: 0, count: Ed25519PublicKey.size)
            var count = bytes.count
            let outcome = unsafe bytes.withUnsafeMutableBufferPointer {
                unsafe EVP_PKEY_get_raw_public_key(key, $0.baseAddress, &count)
            }
            return outcome == 1 && count == bytes.count ? bytes : nil
        }

        func signature(of message: [UInt8]) -> [UInt8]? {
            guard let context = unsafe EVP_MD_CTX_new() else { return nil }
            defer { unsafe EVP_MD_CTX_free(context) }
            guard unsafe EVP_DigestSignInit(context, nil, nil, nil, key) == 1 else {
                ERR_clear_error()
                return nil
            }
            var signature = [UInt8](repeating: 0, count: Ed25519PrivateKey.signatureSize)
            var count = signature.count
            let outcome = unsafe message.withUnsafeBufferPointer { message in
                unsafe signature.withUnsafeMutableBufferPointer { signature in
                    unsafe EVP_DigestSign(context, signature.baseAddress, &count, message.baseAddress, message.count)
                }
            }
            if outcome != 1 { ERR_clear_error() }
            return outcome == 1 && count == signature.count ? signature : nil
        }
    }
}
