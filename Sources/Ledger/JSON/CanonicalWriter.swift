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
        case .integer(let number): append(number, to: &target)
        case .bool(let flag): target.append(contentsOf: (flag ? "true" : "false").utf8)
        }
    }

    /// Appends an object with these members.
    ///
    /// - Parameter omitted: the name of a member that is left out.
    package static func append(
        _ members: [JSONValue.Member], omitting omitted: String? = nil, to target: inout [UInt8]
    ) {
        target.append(UInt8(ascii: "{"))
        // Names are ASCII, where the order of bytes, of UTF-16 code units and of Swift's strings is the same.
        let sorted =
            members.isSorted
            ? members : members.sorted { $0.name < $1.name }
        var isFirst = true
        for member in sorted where member.name != omitted {
            if !isFirst { target.append(UInt8(ascii: ",")) }
            isFirst = false
            append(member.name, to: &target)
            target.append(UInt8(ascii: ":"))
            append(member.value, to: &target)
        }
        target.append(UInt8(ascii: "}"))
    }

    /// Appends an integer.
    package static func append(_ number: Int, to target: inout [UInt8]) {
        if number < 0 { target.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = target.count
        repeat {
            target.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        target[start...].reverse()
    }

    /// Appends `text` as a quoted string.
    package static func append(_ text: String, to target: inout [UInt8]) {
        target.append(UInt8(ascii: "\""))
        let utf8 = text.utf8Span.span
        if utf8.hasEscapes { appendEscaped(utf8, to: &target) } else { target.append(utf8) }
        target.append(UInt8(ascii: "\""))
    }

    private static func appendEscaped(_ utf8: Span<UInt8>, to target: inout [UInt8]) {
        var start = 0
        for index in utf8.indices {
            let byte = utf8[index]
            guard byte.isEscaped else { continue }
            target.append(utf8.extracting(start..<index))
            appendEscape(of: byte, to: &target)
            start = index + 1
        }
        target.append(utf8.extracting(start..<utf8.count))
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
        where self[index - 1].name >= self[index].name { return false }
        return true
    }
}

extension [UInt8] {
    /// Appends the bytes of `span`.
    package mutating func append(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

extension UInt8 {
    /// Whether a string cannot hold this byte as it stands (RFC 8785 §3.2.2.2).
    @inline(__always)
    fileprivate var isEscaped: Bool { self < 0x20 || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\") }
}

extension Span<UInt8> {
    /// Whether any byte must be escaped. No early end: so the compiler looks at many bytes at once.
    fileprivate var hasEscapes: Bool {
        unsafe withUnsafeBufferPointer { bytes in
            var found: UInt8 = 0
            for index in bytes.indices { found |= unsafe bytes[index].isEscaped ? 1 : 0 }
            return found > 0
        }
    }
}
