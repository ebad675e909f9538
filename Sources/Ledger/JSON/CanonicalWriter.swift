/// Writes JSON in the canonical form of RFC 8785 (JCS): no white space, members sorted by the UTF-16 code units of
/// their names, the shortest escapes. No Unicode normalisation takes place.
package enum CanonicalWriter {
    /// The canonical bytes of `value`, UTF-8.
    package static func bytes(of value: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    /// Appends the canonical bytes of `value` to `target`.
    package static func append(_ value: JSONValue, to target: inout [UInt8]) {
        switch value {
        case .object(let members): append(members, to: &target)
        case .array(let elements):
            target.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { target.append(UInt8(ascii: ",")) }
                append(element, to: &target)
            }
            target.append(UInt8(ascii: "]"))
        case .string(let text): append(text, to: &target)
        case .integer(let number): target.append(contentsOf: String(number).utf8)
        case .bool(let flag): target.append(contentsOf: (flag ? "true" : "false").utf8)
        }
    }

    /// Appends an object with these members.
    package static func append(_ members: [JSONValue.Member], to target: inout [UInt8]) {
        target.append(UInt8(ascii: "{"))
        // Names are ASCII, where the order of bytes and of UTF-16 code units is the same.
        let sorted =
            members.isSorted
            ? members : members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        for (index, member) in sorted.enumerated() {
            if index > 0 { target.append(UInt8(ascii: ",")) }
            append(member.name, to: &target)
            target.append(UInt8(ascii: ":"))
            append(member.value, to: &target)
        }
        target.append(UInt8(ascii: "}"))
    }

    /// Appends `text` as a quoted string.
    package static func append(_ text: String, to target: inout [UInt8]) {
        target.append(UInt8(ascii: "\""))
        var copy = text
        copy.withUTF8 { utf8 in
            var start = 0
            for index in 0..<utf8.count {
                let byte = unsafe utf8[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                unsafe target.append(contentsOf: utf8[start..<index])
                appendEscape(of: byte, to: &target)
                start = index + 1
            }
            unsafe target.append(contentsOf: utf8[start...])
        }
        target.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(of byte: UInt8, to target: inout [UInt8]) {
        target.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: target.append(UInt8(ascii: "b"))
        case 0x09: target.append(UInt8(ascii: "t"))
        case 0x0A: target.append(UInt8(ascii: "n"))
        case 0x0C: target.append(UInt8(ascii: "f"))
        case 0x0D: target.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): target.append(byte)
        default:
            let digits = Array("0123456789abcdef".utf8)
            target.append(contentsOf: "u00".utf8)
            target.append(digits[Int(byte >> 4)])
            target.append(digits[Int(byte & 15)])
        }
    }
}

extension [JSONValue.Member] {
    fileprivate var isSorted: Bool {
        for index in indices.dropFirst()
        where !self[index - 1].name.utf8.lexicographicallyPrecedes(self[index].name.utf8) {
            return false
        }
        return true
    }
}
