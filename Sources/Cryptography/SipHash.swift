/// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): a keyed hash of
/// short texts for sums and tables that live as long as the process. Whoever does not know the key cannot prepare
/// collisions.
///
/// Where the codes are kept or shown, HMAC is meant instead.
package struct SipHash: Sendable {
    private let initial: State

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        @inline(__always)
        mutating func round() {
            v0 &+= v1
            v2 &+= v3
            v1 = Self.rotate(v1, 13) ^ v0
            v3 = Self.rotate(v3, 16) ^ v2
            v0 = Self.rotate(v0, 32)
            v2 &+= v1
            v0 &+= v3
            v1 = Self.rotate(v1, 17) ^ v2
            v3 = Self.rotate(v3, 21) ^ v0
            v2 = Self.rotate(v2, 32)
        }

        @inline(__always)
        mutating func compress(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        @inline(__always)
        mutating func finalized() -> UInt64 {
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        @inline(__always)
        private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 {
            word &<< count | word &>> (64 &- count)
        }
    }

    /// Codes under the key of which these are the first and the last eight bytes, as little-endian numbers.
    package init(key low: UInt64, _ high: UInt64) {
        initial = State(
            v0: low ^ 0x736f_6d65_7073_6575, v1: high ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            v2: low ^ 0x6c79_6765_6e65_7261, v3: high ^ 0x7465_6462_7974_6573)
    }

    /// Codes under a fresh random key.
    package static func random() -> SipHash {
        let key = Random.bytes(16)
        return SipHash(key: word(key.span, at: 0), word(key.span, at: 8))
    }

    /// The code of `bytes`: the 16 bytes of the output as a little-endian number.
    package func code(of bytes: Span<UInt8>) -> UInt128 {
        var state = initial
        let whole = bytes.count & ~7
        var offset = 0
        while offset < whole {
            state.compress(Self.word(bytes, at: offset))
            offset &+= 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for index in whole..<bytes.count { last |= UInt64(bytes[index]) << UInt64(8 * (index - whole)) }
        state.compress(last)
        state.v2 ^= 0xee
        let low = state.finalized()
        state.v1 ^= 0xdd
        let high = state.finalized()
        return UInt128(high) << 64 | UInt128(low)
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
        precondition(offset &+ 8 <= bytes.count)
        return UInt64(littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
