/// Base 64 with the standard alphabet and padding (RFC 4648 §4), as mail writes it: folding white space may stand
/// anywhere in it (RFC 6376 §2.10).
package enum Base64 {
    private static let outside: UInt8 = 0xFF
    private static let space: UInt8 = 0xFE
    private static let padding: UInt8 = 0xFD

    /// What each byte stands for: six bits, or one of the three marks above.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: outside, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        for byte in [0x20, 0x09, 0x0D, 0x0A] { values[byte] = space }
        values[Int(UInt8(ascii: "="))] = padding
        return values
    }()

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The bytes that `text` spells, its white space aside.
    ///
    /// Nil for a byte outside the alphabet, for padding that is missing, misplaced or too much, and for spare bits that
    /// are not zero, so that a value has one spelling. Empty text spells no bytes.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        let values = values
        var (group, count, paddingCount) = (UInt32(0), 0, 0)
        for index in text.indices {
            let value = values[Int(text[index])]
            guard value != space else { continue }
            guard value != padding else {
                paddingCount += 1
                guard paddingCount <= 2 else { return nil }
                continue
            }
            guard value < 64, paddingCount == 0 else { return nil }
            group = group << 6 | UInt32(value)
            count += 1
            guard count == 4 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: group >> 16))
            bytes.append(UInt8(truncatingIfNeeded: group >> 8))
            bytes.append(UInt8(truncatingIfNeeded: group))
            (group, count) = (0, 0)
        }
        switch (count, paddingCount) {
        case (0, 0): return bytes
        case (2, 2) where group & 0xF == 0: bytes.append(UInt8(truncatingIfNeeded: group >> 4))
        case (3, 1) where group & 0x3 == 0:
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        default: return nil
        }
        return bytes
    }

    /// The text for `bytes`, padded, on one line.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        let alphabet = alphabet
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let character = alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)]
                text.append(place <= group.count ? character : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
