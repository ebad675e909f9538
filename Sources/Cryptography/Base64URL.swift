/// Base 64 with the URL and file name safe alphabet, without padding (RFC 4648 §5), as RFC 9901 uses it.
package enum Base64URL {
    /// The text for `bytes`.
    package static func encode(_ bytes: [UInt8]) -> String {
        unsafe String(unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { target in
            unsafe write(bytes.span, to: target)
        }
    }

    /// Appends the text for `bytes` as ASCII.
    package static func append(_ bytes: Span<UInt8>, to target: inout [UInt8]) {
        let count = (bytes.count * 4 + 2) / 3
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { text in
            _ = unsafe write(bytes, to: text)
            unsafe target.append(contentsOf: text)
        }
    }

    /// Writes the text for `bytes` from the start of `target`, which has room for it.
    ///
    /// - Returns: its length.
    private static func write(_ bytes: Span<UInt8>, to target: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var index = 0
        var length = 0
        while index + 3 <= bytes.count {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            unsafe target[length] = character(group >> 18)
            unsafe target[length + 1] = character(group >> 12)
            unsafe target[length + 2] = character(group >> 6)
            unsafe target[length + 3] = character(group)
            index += 3
            length += 4
        }
        let rest = bytes.count - index
        guard rest > 0 else { return length }
        let group = UInt32(bytes[index]) << 16 | (rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
        unsafe target[length] = character(group >> 18)
        unsafe target[length + 1] = character(group >> 12)
        guard rest > 1 else { return length + 2 }
        unsafe target[length + 2] = character(group >> 6)
        return length + 3
    }

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for value in 0..<64 { unsafe values[Int(alphabet.utf8Start[value])] = UInt8(value) }
        return values
    }()

    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// The character for the lowest six bits.
    @inline(__always)
    private static func character(_ bits: UInt32) -> UInt8 { unsafe alphabet.utf8Start[Int(bits & 63)] }

    /// The bytes that `text` spells; nil for a character outside the alphabet, an impossible length or spare bits that
    /// are not zero, so that a value has exactly one spelling.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        return decode(Array(text.utf8).span, into: &bytes) ? bytes : nil
    }

    /// Replaces `bytes` by those that the ASCII `text` spells; false as `decode(_:)` gives nil.
    package static func decode(_ text: Span<UInt8>, into bytes: inout [UInt8]) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        let rest = text.count & 3
        guard rest != 1 else { return false }
        bytes.reserveCapacity(text.count * 3 / 4)
        let values = values
        // Values of the alphabet have six bits; one character outside it shows in the two above them.
        var invalid: UInt8 = 0
        for index in stride(from: 0, to: text.count - rest, by: 4) {
            let (first, second) = (values[Int(text[index])], values[Int(text[index + 1])])
            let (third, fourth) = (values[Int(text[index + 2])], values[Int(text[index + 3])])
            invalid |= first | second | third | fourth
            bytes.append(first << 2 | second >> 4)
            bytes.append(second << 4 | third >> 2)
            bytes.append(third << 6 | fourth)
        }
        guard rest > 0 else { return invalid < 64 }
        let start = text.count - rest
        let (first, second) = (values[Int(text[start])], values[Int(text[start + 1])])
        let third = rest == 3 ? values[Int(text[start + 2])] : 0
        bytes.append(first << 2 | second >> 4)
        if rest == 3 { bytes.append(second << 4 | third >> 2) }
        let spare = rest == 3 ? third & 3 : second & 15
        return (invalid | first | second | third) < 64 && spare == 0
    }

    /// The 16 bytes that 22 characters spell, as a big-endian number; nil as `decode(_:)` gives nil.
    package static func decode16(_ text: Span<UInt8>) -> UInt128? {
        guard text.count == 22, let head = number(text, 0..<21), let last = number(text, 21..<22), last & 15 == 0 else {
            return nil
        }
        return head << 2 | last >> 4
    }

    /// The six bits of each character of `range`, at most 21 of them, as one number.
    static func number(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt128? {
        let values = values
        var (number, invalid): (UInt128, UInt8) = (0, 0)
        for index in range {
            let value = values[Int(text[index])]
            invalid |= value
            number = number << 6 | UInt128(value & 63)
        }
        return invalid < 64 ? number : nil
    }
}

extension UInt128 {
    /// The number whose big-endian bytes these are; nil unless they are 16.
    package init?(bigEndian bytes: Span<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(bigEndian: unsafe bytes.bytes.unsafeLoadUnaligned(as: UInt128.self))
    }

    /// The 16 bytes of a tag that is held as a number.
    package var bigEndianBytes: [UInt8] { unsafe withUnsafeBytes(of: bigEndian) { unsafe [UInt8]($0) } }
}
