/// Base 16 (RFC 4648 §8), written in lower case.
package enum Hex {
    /// Two lower-case digits for each byte.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the lower-case digits of `bytes` as ASCII.
    package static func append(_ bytes: some Collection<UInt8>, to target: inout [UInt8]) {
        for byte in bytes {
            target.append(digit(byte >> 4))
            target.append(digit(byte & 15))
        }
    }

    @inline(__always)
    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? value + UInt8(ascii: "0") : value - 10 + UInt8(ascii: "a")
    }

    /// The bytes that `text` spells, in either case; nil if it holds anything but pairs of digits.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let source = Array(text.utf8)
        guard source.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.count / 2)
        for index in stride(from: 0, to: source.count, by: 2) {
            guard let high = value(of: source[index]), let low = value(of: source[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static let values: [UInt8] = (0...255).map { value(of: UInt8($0)) ?? 255 }

    /// The eight bytes that the 16 digits from `start` on spell, as a big-endian number.
    static func word(_ digits: Span<UInt8>, at start: Int) -> UInt64? {
        let values = values
        var (word, invalid): (UInt64, UInt8) = (0, 0)
        for index in start..<start + 16 {
            let value = values[Int(digits[index])]
            invalid |= value
            word = word << 4 | UInt64(value & 15)
        }
        return invalid < 16 ? word : nil
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
