/// Texts: valid UTF-8, and the escapes that `CanonicalWriter` writes, each where it must stand.
extension CanonicalScanner {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The text that begins with the quote at the present position.
    mutating func text(_ bytes: Span<UInt8>) -> Bool {
        position += 1
        let start = position
        var (isEscaped, isASCII) = (false, true)
        while true {
            skipPlain(bytes)
            guard position < bytes.count else { return false }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                appendText(from: start, isEscaped: isEscaped, isASCII: isASCII)
                position += 1
                return true
            case UInt8(ascii: "\\"):
                guard escape(bytes) else { return false }
                isEscaped = true
            case 0x80...0xFF:
                guard sequence(bytes) else { return false }
                isASCII = false
            default: return false
            }
        }
    }

    /// Goes to the next byte that is a quote, a backslash, a control character or not ASCII: eight bytes at a time.
    private mutating func skipPlain(_ bytes: Span<UInt8>) {
        var next = position
        while next &+ 8 <= bytes.count {
            let word = unsafe UInt64(
                littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: next, as: UInt64.self))
            let quotes = word ^ (Self.ones &* UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (Self.ones &* UInt64(UInt8(ascii: "\\")))
            // A byte's high bit where it is zero, or below 0x20. Borrows spoil only the bytes above the first hit.
            let hits =
                ((quotes &- Self.ones) & ~quotes) | ((backslashes &- Self.ones) & ~backslashes)
                | ((word &- Self.ones &* 0x20) & ~word) | word
            let marked = hits & Self.highBits
            guard marked == 0 else {
                position = next &+ marked.trailingZeroBitCount / 8
                return
            }
            next &+= 8
        }
        while next < bytes.count {
            let byte = bytes[next]
            guard byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { break }
            next &+= 1
        }
        position = next
    }

    /// An escape: only for what cannot stand as itself, and in its one spelling.
    private mutating func escape(_ bytes: Span<UInt8>) -> Bool {
        guard position + 1 < bytes.count else { return false }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "b"), UInt8(ascii: "t"), UInt8(ascii: "n"),
            UInt8(ascii: "f"), UInt8(ascii: "r"):
            position += 2
            return true
        case UInt8(ascii: "u"):
            guard position + 6 <= bytes.count, bytes[position + 2] == UInt8(ascii: "0"),
                bytes[position + 3] == UInt8(ascii: "0"), let code = Self.controlCode(bytes, at: position + 4)
            else { return false }
            switch code {
            case 0x00, 0x08, 0x09, 0x0A, 0x0C, 0x0D: return false
            default:
                position += 6
                return true
            }
        default: return false
        }
    }

    /// The code below 0x20 that two hexadecimal digits in lower case spell.
    private static func controlCode(_ bytes: Span<UInt8>, at index: Int) -> UInt8? {
        let high = bytes[index]
        guard high == UInt8(ascii: "0") || high == UInt8(ascii: "1") else { return nil }
        let base = (high - UInt8(ascii: "0")) * 16
        switch bytes[index + 1] {
        case let digit where digit >= UInt8(ascii: "0") && digit <= UInt8(ascii: "9"):
            return base + digit - UInt8(ascii: "0")
        case let digit where digit >= UInt8(ascii: "a") && digit <= UInt8(ascii: "f"):
            return base + digit - UInt8(ascii: "a") + 10
        default: return nil
        }
    }

    /// A character of two to four bytes: well-formed by table 3-7 of the Unicode Standard.
    private mutating func sequence(_ bytes: Span<UInt8>) -> Bool {
        let second: ClosedRange<UInt8>
        let length: Int
        switch bytes[position] {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return false
        }
        guard position + length <= bytes.count, second.contains(bytes[position + 1]) else { return false }
        for index in position + 2..<position + length where bytes[index] & 0xC0 != 0x80 { return false }
        position += length
        return true
    }

    /// The bytes that a text token of `bytes` means, without escapes.
    package static func content(of token: Token, in bytes: Span<UInt8>) -> [UInt8] {
        let text = bytes.extracting(token.range)
        var content: [UInt8] = []
        content.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "\\") else {
                content.append(text[index])
                index += 1
                continue
            }
            switch text[index + 1] {
            case UInt8(ascii: "b"): content.append(0x08)
            case UInt8(ascii: "t"): content.append(0x09)
            case UInt8(ascii: "n"): content.append(0x0A)
            case UInt8(ascii: "f"): content.append(0x0C)
            case UInt8(ascii: "r"): content.append(0x0D)
            case UInt8(ascii: "u"):
                content.append(controlCode(text, at: index + 4) ?? 0)
                index += 4
            case let character: content.append(character)
            }
            index += 2
        }
        return content
    }
}
