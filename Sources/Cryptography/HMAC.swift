import CLibCrypto

/// HMAC-SHA-256 (RFC 2104), built on ``SHA256`` for the same reason: libcrypto's one-shot `HMAC` looks the algorithm up
/// and allocates on each call.
package enum HMAC {
    private static let blockSize = 64
    private static let innerPad: UInt8 = 0x36
    private static let outerPad: UInt8 = 0x5c

    /// A key whose two padded blocks are hashed already, so that a code costs only its message and one block more. It
    /// never prints itself.
    package struct Key: Sendable {
        private let inner: SHA256_CTX
        private let outer: SHA256_CTX

        /// Prepares `key`.
        package init(_ key: SecretKey) {
            inner = Self.state(after: key, pad: innerPad)
            outer = Self.state(after: key, pad: outerPad)
        }

        /// The authentication code of `message`.
        package func code(of message: [UInt8]) -> Digest { code(of: message.span) }

        /// The authentication code of `message`.
        package func code(of message: Span<UInt8>) -> Digest {
            var (inner, outer) = (inner, outer)
            SHA256.update(&inner, message)
            SHA256.update(&outer, SHA256.final(&inner))
            return SHA256.final(&outer)
        }

        private static func state(after key: SecretKey, pad: UInt8) -> SHA256_CTX {
            var block = [UInt8](repeating: pad, count: blockSize)
            for (index, byte) in key.bytes.enumerated() { block[index] ^= byte }
            var state = SHA256.start()
            SHA256.update(&state, block.span)
            return state
        }
    }

    /// The authentication code of `message` under `key`; who has many messages prepares a ``Key``.
    package static func sha256(key: SecretKey, _ message: [UInt8]) -> Digest { Key(key).code(of: message) }
}

extension HMAC.Key: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "HMAC.Key(…)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
