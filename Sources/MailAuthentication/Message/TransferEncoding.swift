/// How a part's bytes are written for transport (RFC 2045 §6).
package enum TransferEncoding: String, Sendable, Hashable, CaseIterable {
    case sevenBit = "7bit"
    case eightBit = "8bit"
    case binary
    case quotedPrintable = "quoted-printable"
    case base64

    /// Content, and whether the encoding was broken and had to be guessed at.
    package struct Decoded: Hashable, Sendable {
        package let bytes: [UInt8]
        package let isBroken: Bool
    }

    /// What `text` stands for. Something always comes out: the content has its own checks.
    package func decode(_ text: ArraySlice<UInt8>) -> Decoded {
        switch self {
        case .sevenBit, .eightBit, .binary: Decoded(bytes: Array(text), isBroken: false)
        case .quotedPrintable: Self.decodeQuotedPrintable(text)
        case .base64: Self.decodeBase64(text)
        }
    }

    /// RFC 2045 §6.8: characters outside the alphabet are passed over; padding ends the data.
    private static func decodeBase64(_ text: ArraySlice<UInt8>) -> Decoded {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var (group, count): (UInt32, Int) = (0, 0)
        var isBroken = false
        var paddingCount = 0
        for byte in text where !ASCII.isFoldingSpace(byte) {
            guard byte != UInt8(ascii: "=") else {
                paddingCount += 1
                continue
            }
            // Data behind the padding is another encoding's, or a footer that a gateway added.
            guard paddingCount == 0, let value = base64Value(of: byte) else {
                isBroken = true
                if paddingCount > 0 { break }
                continue
            }
            group = group << 6 | UInt32(value)
            count += 1
            guard count == 4 else { continue }
            for shift: UInt32 in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: group >> shift)) }
            (group, count) = (0, 0)
        }
        // Two characters left are one byte, three are two, and as much padding; one alone is nothing.
        let last = group << UInt32(24 - 6 * count)
        if count > 1 { bytes.append(UInt8(truncatingIfNeeded: last >> 16)) }
        if count > 2 { bytes.append(UInt8(truncatingIfNeeded: last >> 8)) }
        let padding = count == 0 ? 0 : 4 - count
        return Decoded(bytes: bytes, isBroken: isBroken || count == 1 || paddingCount != padding)
    }

    private static func base64Value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// RFC 2045 §6.7: `=XX` is a byte, `=` at the end of a line joins it to the next, white space there goes.
    private static func decodeQuotedPrintable(_ text: ArraySlice<UInt8>) -> Decoded {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var isBroken = false
        // Where white space began that goes if the line ends behind it.
        var spaceStart: Int?
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            index += 1
            if ASCII.isWhiteSpace(byte) {
                spaceStart = spaceStart ?? bytes.count
                bytes.append(byte)
                continue
            }
            let endsLine = byte == 0x0A || byte == 0x0D && index < text.endIndex && text[index] == 0x0A
            if endsLine, let start = spaceStart { bytes.removeSubrange(start...) }
            spaceStart = nil
            guard byte == UInt8(ascii: "=") else {
                bytes.append(byte)
                continue
            }
            if text.endIndex - index >= 2, let high = HexDigit.value(of: text[index]),
                let low = HexDigit.value(of: text[index + 1])
            {
                bytes.append(high << 4 | low)
                index += 2
            } else if let next = softLineBreak(in: text, at: index) {
                index = next
            } else {
                isBroken = true
                bytes.append(byte)
            }
        }
        return Decoded(bytes: bytes, isBroken: isBroken)
    }

    /// Where the next line begins if only white space stands before it; nil if there is more. A line has 76 characters.
    private static func softLineBreak(in text: ArraySlice<UInt8>, at index: Int) -> Int? {
        let space = text[index...].prefix(76).prefix(while: ASCII.isWhiteSpace)
        let rest = text[space.endIndex...]
        guard !rest.isEmpty else { return text.endIndex }
        if rest.first == 0x0A { return space.endIndex + 1 }
        return rest.starts(with: [0x0D, 0x0A]) ? space.endIndex + 2 : nil
    }
}
