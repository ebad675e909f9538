/// A SHA-256 digest: 32 bytes, compared and ordered as bytes.
///
/// The four words hold the bytes in big-endian order, so that a digest is a plain value without a heap allocation.
package struct Digest: Hashable, Sendable {
    /// Length in bytes.
    package static let size = 32

    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    /// The digest made of exactly 32 bytes; nil for any other length.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (position, byte) in bytes.enumerated() {
            let shifted = UInt64(byte) << UInt64(56 - 8 * (position % 8))
            switch position / 8 {
            case 0: words.0 |= shifted
            case 1: words.1 |= shifted
            case 2: words.2 |= shifted
            default: words.3 |= shifted
            }
        }
        (word0, word1, word2, word3) = words
    }

    /// The digest made of exactly 32 bytes; nil for any other length.
    package init?(_ bytes: [UInt8]) { self.init(bytes.span) }

    /// The digest made of exactly 32 bytes; nil for any other length.
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { target in
            unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
        self.init(bigEndianWords: words)
    }

    init(bigEndianWords words: (UInt64, UInt64, UInt64, UInt64)) {
        word0 = UInt64(bigEndian: words.0)
        word1 = UInt64(bigEndian: words.1)
        word2 = UInt64(bigEndian: words.2)
        word3 = UInt64(bigEndian: words.3)
    }

    /// The words as they lie in memory when the bytes are in order: what a hash function reads.
    var bigEndianWords: (UInt64, UInt64, UInt64, UInt64) {
        (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)
    }

    /// The digest written as 64 hexadecimal digits, in either case; nil for anything else.
    package init?(hex: some StringProtocol) {
        guard hex.utf8.count == 2 * Self.size, let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes)
    }

    /// The digests that lie one after the other in `bytes`; nil if the last is cut short.
    package static func sequence(in bytes: [UInt8]) -> [Digest]? {
        guard bytes.count.isMultiple(of: size) else { return nil }
        var digests: [Digest] = []
        digests.reserveCapacity(bytes.count / size)
        for start in stride(from: 0, to: bytes.count, by: size) {
            guard let digest = Digest(bytes.span.extracting(start..<start + size)) else { return nil }
            digests.append(digest)
        }
        return digests
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.size)
        append(to: &bytes)
        return bytes
    }

    /// Appends the 32 bytes to `target`.
    package func append(to target: inout [UInt8]) {
        unsafe withUnsafeBytes(of: bigEndianWords) { unsafe target.append(contentsOf: $0) }
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { Hex.encode(bytes) }
}

extension Digest: CustomStringConvertible {
    package var description: String { hex }
}
