import Cryptography
import Ledger

extension DKIMTagList {
    /// The value as text, without any white space; nil if there is no such tag.
    func text(_ name: String) -> String? { self[name]?.text }

    /// The items of a list with colons between them, without the white space around each; nil if there is no such tag.
    func list(_ name: String) -> [ArraySlice<UInt8>]? { self[name]?.items(separator: UInt8(ascii: ":")) }
}

extension DKIMTagList.Tag {
    /// The value without any white space.
    var text: String {
        guard value.contains(where: ASCII.isFoldingSpace) else { return String(decoding: value, as: UTF8.self) }
        return String(decoding: value.filter { !ASCII.isFoldingSpace($0) }, as: UTF8.self)
    }

    /// The first characters of the value, white space aside.
    func start(_ count: Int) -> String {
        String(decoding: value.lazy.filter { !ASCII.isFoldingSpace($0) }.prefix(count), as: UTF8.self)
    }

    /// The parts between separators, without the white space around each. An empty value has one empty part.
    func items(separator: UInt8) -> [ArraySlice<UInt8>] {
        value.split(separator: separator, omittingEmptySubsequences: false).map(DKIMTagList.trimmed)
    }

    /// The value as base 64; nil if it is none, or empty.
    var base64: [UInt8]? {
        guard let bytes = Base64.decode(value.span), !bytes.isEmpty else { return nil }
        return bytes
    }

    /// The value as a decimal number of 1 to `digitsMax` digits; nil if it is none. What is above `max` is read as it.
    func number(digitsMax: Int, clampedTo max: Int) -> Int? {
        guard (1...digitsMax).contains(value.count), value.allSatisfy(ASCII.isDigit) else { return nil }
        return WholeNumber.readPadded(value, max: max) ?? max
    }
}

/// The variant of quoted-printable that some tags are written in (RFC 6376 §2.11).
enum DKIMQuotedPrintable {
    /// The bytes that `text` stands for, white space left out; nil for an equals sign without two digits behind it.
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.contains(where: { $0 == UInt8(ascii: "=") || ASCII.isFoldingSpace($0) }) else { return Array(text) }
        var bytes: [UInt8] = []
        var rest = text.lazy.filter { !ASCII.isFoldingSpace($0) }.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "=") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next(), let low = rest.next(),
                let decoded = Hex.decode(String(decoding: [high, low], as: UTF8.self))
            else { return nil }
            bytes += decoded
        }
        return bytes
    }
}
