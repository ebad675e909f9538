/// A list of `name=value` tags, as DKIM writes its signatures and its key records (RFC 6376 §3.2).
struct DKIMTagList {
    /// One tag where it stands.
    struct Tag {
        /// Names are compared as they stand, upper and lower case apart.
        let name: String
        /// The value without the white space around it; folds inside it are left in.
        let value: ArraySlice<UInt8>
        /// All between the equals sign and the semicolon or the end, white space included.
        let extent: Range<Int>
    }

    /// The tags in their order; at least one.
    let tags: [Tag]
    /// Where the name of each tag stands, if there are so many that a search takes longer.
    private let places: [String: Int]
    private static let searchedCountMax = 24

    /// The list in `bytes`; nil if the syntax is broken or a name stands twice, which makes the whole list invalid.
    ///
    /// One semicolon may end the list. Bytes outside ASCII may stand in values, as internationalized mail has them (RFC
    /// 8616 §3); each tag's own syntax decides about them.
    init?(_ bytes: ArraySlice<UInt8>) {
        var tags: [Tag] = []
        tags.reserveCapacity(12)
        var places: [String: Int] = [:]
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: ";")) ?? bytes.endIndex
            let text = Self.trimmed(bytes[start..<end])
            if text.isEmpty, end == bytes.endIndex, !tags.isEmpty { break }
            guard let tag = Self.tag(in: bytes[start..<end]) else { return nil }
            if tags.count < Self.searchedCountMax {
                guard !tags.contains(where: { $0.name == tag.name }) else { return nil }
            } else {
                if places.isEmpty { for (place, tag) in tags.enumerated() { places[tag.name] = place } }
                guard places.updateValue(tags.count, forKey: tag.name) == nil else { return nil }
            }
            tags.append(tag)
            start = end < bytes.endIndex ? end + 1 : end
        }
        guard !tags.isEmpty else { return nil }
        self.tags = tags
        self.places = places
    }

    /// The tag of that name.
    subscript(name: String) -> Tag? {
        guard places.isEmpty else { return places[name].map { tags[$0] } }
        for place in tags.indices where tags[place].name == name { return tags[place] }
        return nil
    }

    private static func tag(in text: ArraySlice<UInt8>) -> Tag? {
        guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = trimmed(text[..<equals])
        let value = trimmed(text[(equals + 1)...])
        guard let first = name.first, ASCII.isAlpha(first),
            name.allSatisfy({ ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }),
            value.allSatisfy({ (0x21...0x7E).contains($0) || $0 >= 0x80 || ASCII.isFoldingSpace($0) })
        else { return nil }
        return Tag(name: String(decoding: name, as: UTF8.self), value: value, extent: equals + 1..<text.endIndex)
    }

    /// The text without the folding white space around it.
    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = text.firstIndex(where: { !ASCII.isFoldingSpace($0) }),
            let last = text.lastIndex(where: { !ASCII.isFoldingSpace($0) })
        else { return text[text.startIndex..<text.startIndex] }
        return text[first...last]
    }
}
