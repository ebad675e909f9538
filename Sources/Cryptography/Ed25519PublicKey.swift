import CLibCrypto

/// A public key of Ed25519 (RFC 8032 §5.1). Read once, it verifies any number of signatures, on any thread.
///
/// `@unchecked Sendable` because an `EVP_PKEY` that is complete is only read by verification.
package final class Ed25519PublicKey: @unchecked Sendable {
    /// The length of a key in bytes.
    package static let size = 32
    /// The length of a key in bits, as results show it.
    package static let bits = 256

    private let handle: Ed25519Handle

    /// The key of exactly 32 raw bytes (RFC 8032 §5.1.5); nil for any other length.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size, let key = unsafe Ed25519Handle.makeKey(bytes) else { return nil }
        handle = unsafe Ed25519Handle(owning: key)
    }

    /// Whether `signature` was made over `message`.
    package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        handle.verifies(signature, of: message)
    }
}

/// The owner of an `EVP_PKEY`, freed once.
@safe private struct Ed25519Handle: ~Copyable {
    private let key: OpaquePointer  // <EVP_PKEY>

    @unsafe init(owning key: OpaquePointer) { unsafe self.key = key }

    deinit { unsafe EVP_PKEY_free(key) }

    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else {
            ERR_clear_error()
            return false
        }
        let outcome = unsafe message.withUnsafeBufferPointer { message in
            unsafe signature.withUnsafeBufferPointer { signature in
                unsafe EVP_DigestVerify(
                    context, signature.baseAddress, signature.count, message.baseAddress, message.count)
            }
        }
        // A refusal leaves its reasons in a list of the thread, where the next reader would take them for his own.
        if outcome != 1 { ERR_clear_error() }
        return outcome == 1
    }

    /// A new `EVP_PKEY`, which the caller owns; nil only when there is no memory.
    static func makeKey(_ bytes: [UInt8]) -> OpaquePointer? {
        unsafe bytes.withUnsafeBufferPointer {
            unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, $0.baseAddress, $0.count)
        }
    }
}
