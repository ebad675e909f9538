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

    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// The character for the lowest six bits.
    @inline(__always)
    private static func character(_ bits: UInt32) -> UInt8 { unsafe alphabet.utf8Start[Int(bits & 63)] }

    /// The bytes that `text` spells; nil for a character outside the alphabet, an impossible length or spare bits that
    /// are not zero, so that a value has exactly one spelling.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var copy = String(text)
        return copy.withUTF8 { unsafe decode(Span(_unsafeElements: $0)) }
    }

    /// The bytes that the ASCII `text` spells, as above.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var pending: UInt32 = 0
        var pendingBits: UInt32 = 0
        for index in text.indices {
            guard let value = value(of: text[index]) else { return nil }
            pending = pending << 6 | UInt32(value)
            pendingBits += 6
            guard pendingBits >= 8 else { continue }
            pendingBits -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
            pending &= (1 << pendingBits) - 1
        }
        return pending == 0 ? bytes : nil
    }

    @inline(__always)
    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
