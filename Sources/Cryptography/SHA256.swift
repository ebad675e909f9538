import CLibCrypto

/// SHA-256 (FIPS 180-4).
///
/// Built on libcrypto's `SHA256_Init`, `_Update` and `_Final` with the state on the stack: `EVP_Digest` looks the
/// algorithm up and allocates on each call, which costs five times the hash of a tree node.
package enum SHA256 {
    /// The digest of `bytes`.
    package static func digest(_ bytes: [UInt8]) -> Digest { digest(bytes.span) }

    /// The digest of `bytes`.
    package static func digest(_ bytes: Span<UInt8>) -> Digest {
        var state = start()
        update(&state, bytes)
        return final(&state)
    }

    /// The digest of the UTF-8 of `text`.
    package static func digest(_ text: String) -> Digest { digest(Array(text.utf8)) }

    /// The digest of one byte followed by `bytes`, without a copy of them.
    package static func digest(prefix: UInt8, _ bytes: Span<UInt8>) -> Digest {
        var state = start(prefix: prefix)
        update(&state, bytes)
        return final(&state)
    }

    /// The digest of one byte followed by two digests, without a heap allocation.
    package static func digest(prefix: UInt8, _ left: Digest, _ right: Digest) -> Digest {
        var state = start(prefix: prefix)
        var words = (left.bigEndianWords, right.bigEndianWords)
        unsafe withUnsafeBytes(of: &words) { _ = unsafe SHA256_Update(&state, $0.baseAddress, $0.count) }
        return final(&state)
    }

    static func start() -> SHA256_CTX {
        var state = SHA256_CTX()
        _ = unsafe SHA256_Init(&state)
        return state
    }

    private static func start(prefix: UInt8) -> SHA256_CTX {
        var state = start()
        var prefix = prefix
        _ = unsafe SHA256_Update(&state, &prefix, 1)
        return state
    }

    static func update(_ state: inout SHA256_CTX, _ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { _ = unsafe SHA256_Update(&state, $0.baseAddress, $0.count) }
    }

    static func update(_ state: inout SHA256_CTX, _ digest: Digest) {
        var words = digest.bigEndianWords
        unsafe withUnsafeBytes(of: &words) { _ = unsafe SHA256_Update(&state, $0.baseAddress, $0.count) }
    }

    static func final(_ state: inout SHA256_CTX) -> Digest {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { output in
            _ = unsafe SHA256_Final(output.bindMemory(to: UInt8.self).baseAddress, &state)
        }
        return Digest(bigEndianWords: words)
    }
}
