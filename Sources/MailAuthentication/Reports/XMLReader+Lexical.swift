/// Names, attributes and texts.
extension XMLReader {
    /// How far a reference may reach behind its ampersand, in bytes.
    private static let referenceSizeMax = 32

    /// White space (XML 1.0 §2.3).
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    /// The byte at the position; nil at the end.
    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    func startsWith(_ text: StaticString) -> Bool {
        guard text.utf8CodeUnitCount <= bytes.count - position else { return false }
        return bytes[position...].starts(with: text.description.utf8)
    }

    mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    /// Moves behind the next `end`, which begins with a byte that is rare before it.
    mutating func skip(past end: String) throws(ReportRejection) {
        let end = Array(end.utf8)
        while let start = bytes[position...].firstIndex(of: end[0]) {
            position = start
            if bytes[position...].starts(with: end) {
                position += end.count
                return
            }
            position += 1
        }
        position = bytes.count
        throw elementCount == 0 ? .notXML : .truncated
    }

    /// A name (XML 1.0 §2.3). Beyond ASCII every character may stand in one: no name of ours has any.
    mutating func readName() throws(ReportRejection) -> Range<Int> {
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) {
            position += 1
            guard position - start <= Self.nameSizeMax else { throw .longName }
        }
        guard position < bytes.count else { throw .truncated }
        guard position > start, bytes[start] >= 0x80 || ASCII.isAlpha(bytes[start]) || bytes[start] == UInt8(ascii: "_")
        else { throw .malformedTag }
        return start..<position
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...0xFF,
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: ":"):
            true
        default: false
        }
    }

    /// The two halves of a name, parted at its first colon.
    func split(_ name: Range<Int>) -> Name {
        for place in name where bytes[place] == UInt8(ascii: ":") {
            return Name(prefix: name.lowerBound..<place, local: place + 1..<name.upperBound)
        }
        return Name(prefix: name.upperBound..<name.upperBound, local: name)
    }

    private func isEqual(_ left: Name, _ right: Name) -> Bool {
        isEqual(left.prefix, right.prefix) && isEqual(left.local, right.local)
    }

    /// Whether the same bytes stand at both places.
    func isEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        for offset in 0..<left.count where bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] {
            return false
        }
        return true
    }

    /// Whether `text` stands there.
    func isEqual(_ place: Range<Int>, _ text: String) -> Bool { bytes[place].elementsEqual(text.utf8) }

    /// The attributes up to the end of the tag (XML 1.0 §3.1). One name twice is an error there.
    mutating func readAttributes() throws(ReportRejection) -> [Attribute] {
        var attributes: [Attribute] = []
        while true {
            let start = position
            skipSpace()
            guard let byte = peek else { throw .truncated }
            guard byte != UInt8(ascii: ">"), byte != UInt8(ascii: "/") else { return attributes }
            guard position > start else { throw .malformedTag }
            guard attributes.count < limits.attributeCountMax else { throw .tooManyAttributes }
            let name = split(try readName())
            guard !attributes.contains(where: { isEqual($0.name, name) }) else { throw .malformedTag }
            skipSpace()
            guard peek == UInt8(ascii: "=") else { throw .malformedTag }
            position += 1
            skipSpace()
            attributes.append(Attribute(name: name, value: try attributeValue()))
        }
    }

    private mutating func attributeValue() throws(ReportRejection) -> [UInt8] {
        guard let quote = peek else { throw .truncated }
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw .malformedTag }
        position += 1
        var value: [UInt8] = []
        while let byte = peek {
            switch byte {
            case quote:
                position += 1
                return value
            case UInt8(ascii: "<"): throw .malformedTag
            case UInt8(ascii: "&"): value += try reference()
            default:
                position += 1
                // Line ends and tabs become spaces (XML 1.0 §3.3.3).
                value.append(Self.isSpace(byte) ? 0x20 : byte)
            }
        }
        throw .truncated
    }

    /// Text up to the next markup or reference, or one reference resolved.
    mutating func text() throws(ReportRejection) -> ArraySlice<UInt8> {
        guard bytes[position] != UInt8(ascii: "&") else { return try reference()[...] }
        let start = position
        var hasForbidden = false
        while position < bytes.count {
            let byte = bytes[position]
            guard byte != UInt8(ascii: "<"), byte != UInt8(ascii: "&") else { break }
            hasForbidden = hasForbidden || Self.isForbidden(byte)
            position += 1
        }
        let text = bytes[start..<position]
        return hasForbidden ? permitted(text) : text
    }

    /// The text of a CDATA section (XML 1.0 §2.7).
    mutating func characterData() throws(ReportRejection) -> ArraySlice<UInt8> {
        position += 9
        let start = position
        try skip(past: "]]>")
        return permitted(bytes[start..<position - 3])
    }

    /// Whether XML forbids the byte (§2.2: most controls).
    private static func isForbidden(_ byte: UInt8) -> Bool { byte < 0x20 && !isSpace(byte) }

    /// `text` with the characters that XML forbids replaced.
    private mutating func permitted(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.contains(where: Self.isForbidden) else { return text }
        repairs.note(.invalidCharacters)
        return text.flatMap { Self.isForbidden($0) ? [0xEF, 0xBF, 0xBD] : [$0] }[...]
    }

    /// What the reference at the position stands for (XML 1.0 §4.1, §4.6).
    private mutating func reference() throws(ReportRejection) -> [UInt8] {
        let body = bytes[(position + 1)...].prefix(Self.referenceSizeMax).prefix { byte in
            Self.isNameByte(byte) || byte == UInt8(ascii: "#")
        }
        guard !body.isEmpty, body.endIndex < bytes.count, bytes[body.endIndex] == UInt8(ascii: ";") else {
            repairs.note(.bareAmpersand)
            position += 1
            return [UInt8(ascii: "&")]
        }
        position = body.endIndex + 1
        guard body.first != UInt8(ascii: "#") else { return try character(body.dropFirst()) }
        switch String(decoding: body, as: UTF8.self) {
        case "amp": return [UInt8(ascii: "&")]
        case "lt": return [UInt8(ascii: "<")]
        case "gt": return [UInt8(ascii: ">")]
        case "quot": return [UInt8(ascii: "\"")]
        case "apos": return [UInt8(ascii: "'")]
        default: throw .unknownEntity
        }
    }

    private func character(_ number: ArraySlice<UInt8>) throws(ReportRejection) -> [UInt8] {
        let isHexadecimal = number.first == UInt8(ascii: "x")
        let digits = isHexadecimal ? number.dropFirst() : number
        // `UInt32` would take a sign.
        guard digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-"),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: isHexadecimal ? 16 : 10),
            let scalar = Unicode.Scalar(value), value >= 0x20 || value == 9 || value == 10 || value == 13,
            value != 0xFFFE, value != 0xFFFF
        else { throw .invalidReference }
        return Array(String(Character(scalar)).utf8)
    }
}
