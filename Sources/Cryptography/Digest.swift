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

    /// The digest written as 64 hexadecimal digits in ASCII, in either case; nil for anything else.
    package init?(hex digits: Span<UInt8>) {
        guard digits.count == 2 * Self.size else { return nil }
        guard let word0 = Hex.word(digits, at: 0), let word1 = Hex.word(digits, at: 16),
            let word2 = Hex.word(digits, at: 32), let word3 = Hex.word(digits, at: 48)
        else { return nil }
        (self.word0, self.word1, self.word2, self.word3) = (word0, word1, word2, word3)
    }

    /// The digest written as 43 characters of base64url in ASCII; nil for anything else.
    package init?(base64URL text: Span<UInt8>) {
        guard text.count == 43, let head = Base64URL.number(text, 0..<21), let tail = Base64URL.number(text, 22..<42),
            let middle = Base64URL.number(text, 21..<22), let last = Base64URL.number(text, 42..<43), last & 3 == 0
        else { return nil }
        let (high, low) = (head << 2 | middle >> 4, middle << 124 | tail << 4 | last >> 2)
        word0 = UInt64(truncatingIfNeeded: high >> 64)
        word1 = UInt64(truncatingIfNeeded: high)
        word2 = UInt64(truncatingIfNeeded: low >> 64)
        word3 = UInt64(truncatingIfNeeded: low)
    }

    /// The first 16 bytes as a big-endian number.
    package var first16: UInt128 { UInt128(word0) << 64 | UInt128(word1) }

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

    /// Appends 64 lower-case hexadecimal digits as ASCII to `target`.
    package func appendHex(to target: inout [UInt8]) {
        unsafe withUnsafeBytes(of: bigEndianWords) { unsafe Hex.append($0, to: &target) }
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { Hex.encode(bytes) }
}

extension Digest: CustomStringConvertible {
    package var description: String { hex }
}
