/// The text of an XML document as UTF-8, whatever it came in (XML 1.0 §4.3.3 and appendix F).
///
/// The encoding is known by the byte order mark, else by the declaration, else it is UTF-8.
struct XMLTranscoder {
    /// How far into a document the declaration may begin; what stands before it is junk.
    static let junkSizeMax = 4_096
    /// The longest declaration that is looked at, in bytes.
    private static let declarationSizeMax = 256

    /// The document as valid UTF-8 without a byte order mark.
    private(set) var text: [UInt8] = []
    private(set) var repairs = RepairList()

    init(_ document: [UInt8]) throws(ReportRejection) {
        if document.starts(with: [0xFF, 0xFE]) || document.starts(with: [0xFE, 0xFF]) {
            readUTF16(document.dropFirst(2), isBigEndian: document[0] == 0xFE)
            return
        }
        let isMarked = document.starts(with: [0xEF, 0xBB, 0xBF])
        let bytes = document.dropFirst(isMarked ? 3 : 0)
        let encoding = Self.declaredEncoding(in: bytes)
        guard !isMarked, let encoding else {
            if let encoding, encoding != "utf-8", encoding != "utf8" { repairs.note(.encodingMismatch) }
            readUTF8(bytes)
            return
        }
        switch encoding {
        case "utf-8", "utf8": readUTF8(bytes)
        case "us-ascii", "ascii":
            if bytes.contains(where: { $0 >= 0x80 }) { repairs.note(.encodingMismatch) }
            readUTF8(bytes)
        // The declaration could be read in single bytes: writers say UTF-16 when they mean their strings in memory.
        case "utf-16", "utf-16le", "utf-16be":
            repairs.note(.encodingMismatch)
            readUTF8(bytes)
        case "iso-8859-1", "iso8859-1", "latin1": readSingleBytes(bytes, high: [])
        case "windows-1252", "cp1252": readSingleBytes(bytes, high: Self.windows1252)
        default: throw .unsupportedEncoding
        }
    }

    private mutating func readUTF8(_ bytes: ArraySlice<UInt8>) {
        if (try? UTF8Span(validating: bytes.span)) != nil {
            text = Array(bytes)
        } else {
            repairs.note(.invalidCharacters)
            text = Array(String(decoding: bytes, as: UTF8.self).utf8)
        }
    }

    private mutating func readUTF16(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool) {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        var index = bytes.startIndex
        while bytes.endIndex - index >= 2 {
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            units.append(isBigEndian ? first << 8 | second : second << 8 | first)
            index += 2
        }
        let string = String(decoding: units, as: UTF16.self)
        // A lone surrogate decodes to U+FFFD: three bytes where the text had none of that character.
        let replaced = string.unicodeScalars.count { $0 == "\u{FFFD}" } != units.count { $0 == 0xFFFD }
        if replaced || index != bytes.endIndex { repairs.note(.invalidCharacters) }
        text = Array(string.utf8)
        if let encoding = Self.declaredEncoding(in: text[...]), !encoding.hasPrefix("utf-16") {
            repairs.note(.encodingMismatch)
        }
    }

    /// - Parameter high: the characters of 0x80 to 0x9F; where there are none, a byte is the code point.
    private mutating func readSingleBytes(_ bytes: ArraySlice<UInt8>, high: [UInt16]) {
        text.reserveCapacity(bytes.count + bytes.count / 8)
        for byte in bytes {
            guard byte >= 0x80 else {
                text.append(byte)
                continue
            }
            let place = Int(byte) - 0x80
            let point = place < high.count ? high[place] : UInt16(byte)
            if point >= 0x800 { text.append(UInt8(truncatingIfNeeded: 0xE0 | point >> 12)) }
            text.append(UInt8(truncatingIfNeeded: point >= 0x800 ? 0x80 | point >> 6 & 0x3F : 0xC0 | point >> 6))
            text.append(UInt8(truncatingIfNeeded: 0x80 | point & 0x3F))
        }
    }

    /// Windows-1252 where it differs from ISO-8859-1 (WHATWG Encoding: the five bytes without a meaning stay controls).
    private static let windows1252: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x9D, 0x017E, 0x0178,
    ]

    /// The encoding that the declaration near the start names, in lower case; nil if none is named.
    private static func declaredEncoding(in bytes: ArraySlice<UInt8>) -> String? {
        let head = bytes.prefix(junkSizeMax)
        let opening = Array("<?xml".utf8)
        var index = head.startIndex
        while let start = head[index...].firstIndex(of: UInt8(ascii: "<")) {
            if bytes[start...].starts(with: opening) {
                return encoding(named: bytes[start...].prefix(declarationSizeMax).prefix { $0 != UInt8(ascii: ">") })
            }
            index = start + 1
        }
        return nil
    }

    /// The value of `encoding="…"` in `declaration`.
    private static func encoding(named declaration: ArraySlice<UInt8>) -> String? {
        let key = Array("encoding".utf8)
        guard let start = declaration.indices.first(where: { declaration[$0...].starts(with: key) }) else { return nil }
        var rest = declaration[(start + key.count)...].drop { XMLReader.isSpace($0) }
        guard rest.popFirst() == UInt8(ascii: "=") else { return nil }
        rest = rest.drop { XMLReader.isSpace($0) }
        guard let quote = rest.popFirst(), quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        return String(decoding: rest.prefix { $0 != quote }.map(ASCII.lowercased), as: UTF8.self)
    }
}
