import CLibCrypto

/// SHA-256 of bytes that come piece by piece, with the state on the stack as in ``SHA256``.
///
/// A copy is a hash of its own that goes on from the same place.
package struct IncrementalSHA256: Sendable {
    private var state = SHA256.start()

    /// The hash of nothing yet.
    package init() {}

    /// Takes the next bytes.
    package mutating func update(_ bytes: Span<UInt8>) { SHA256.update(&state, bytes) }

    /// The digest of all bytes so far. The hash can go on after it.
    package var digest: Digest {
        var state = state
        return SHA256.final(&state)
    }
}
