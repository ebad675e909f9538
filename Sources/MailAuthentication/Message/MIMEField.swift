/// The body of a `Content-Type` or `Content-Disposition` field: a word and parameters (RFC 2045 §5.1, RFC 2183 §2).
///
/// It reads what mail hosts write, not only what the grammar allows: unquoted values may hold any character but `;`.
struct MIMEField: Hashable, Sendable {
    /// Parameters beyond this many are not read.
    private static let parameterCountMax = 64
    /// Sections of one parameter (RFC 2231 §3) beyond this many are not read.
    private static let sectionCountMax = 32

    /// The word before the parameters, in lower case: `text/xml`, `attachment`.
    let value: String
    private let parameters: [Parameter]

    private struct Parameter: Hashable, Sendable {
        /// In lower case, with the asterisks of RFC 2231.
        let name: String
        let value: [UInt8]
    }

    init(_ field: HeaderField) {
        var scanner = Scanner(rest: field.unfolded[...])
        value = String(decoding: scanner.word().map(ASCII.lowercased), as: UTF8.self)
        var parameters: [Parameter] = []
        while parameters.count < Self.parameterCountMax, scanner.skipToParameter() {
            let name = scanner.name()
            guard scanner.skipEqualsSign() else { continue }
            let parameter = Parameter(
                name: String(decoding: name.map(ASCII.lowercased), as: UTF8.self), value: scanner.value())
            if !parameters.contains(where: { $0.name == parameter.name }) { parameters.append(parameter) }
        }
        self.parameters = parameters
    }

    /// The parameter of that name (lower case) as bytes, without a look at RFC 2231.
    func bytes(of name: String) -> [UInt8]? { parameters.first { $0.name == name }?.value }

    /// The parameter of that name (lower case) as text: with a character set (RFC 2231 §4), else in sections (§3), else
    /// plain.
    func text(of name: String) -> String? {
        if let value = bytes(of: "\(name)*") { return Self.text(Self.initial(value)) }
        return sections(of: name) ?? bytes(of: name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The sections `name*0`, `name*1*` … joined; nil if there is no first one.
    private func sections(of name: String) -> String? {
        var joined: (charset: String, bytes: [UInt8]) = ("", [])
        for section in 0..<Self.sectionCountMax {
            if let plain = bytes(of: "\(name)*\(section)") {
                joined.bytes += plain
            } else if let extended = bytes(of: "\(name)*\(section)*") {
                if section == 0 { joined = Self.initial(extended) }
                if section > 0 { joined.bytes += Self.unescaped(extended[...]) }
            } else {
                guard section > 0 else { return nil }
                break
            }
        }
        return Self.text(joined)
    }

    /// An extended value taken apart: `charset'language'text`, the text without its escapes (RFC 2231 §4).
    private static func initial(_ value: [UInt8]) -> (charset: String, bytes: [UInt8]) {
        let parts = value.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return ("", unescaped(value[...])) }
        return (String(decoding: parts[0].map(ASCII.lowercased), as: UTF8.self), unescaped(parts[2]))
    }

    /// `value` with `%XX` as bytes; what is no escape stays.
    private static func unescaped(_ value: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = value.startIndex
        while index < value.endIndex {
            if value[index] == UInt8(ascii: "%"), value.endIndex - index > 2,
                let high = HexDigit.value(of: value[index + 1]), let low = HexDigit.value(of: value[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(value[index])
                index += 1
            }
        }
        return bytes
    }

    private static func text(_ value: (charset: String, bytes: [UInt8])) -> String {
        guard value.charset == "iso-8859-1" else { return String(decoding: value.bytes, as: UTF8.self) }
        return String(String.UnicodeScalarView(value.bytes.map { Unicode.Scalar($0) }))
    }
}

extension MIMEField {
    /// Walks along a field's body; every step takes something or ends.
    private struct Scanner {
        var rest: ArraySlice<UInt8>

        /// Passes over white space and comments, which may nest (RFC 5322 §3.2.2).
        mutating func skipSpace() {
            var depth = 0
            while let byte = rest.first {
                switch byte {
                case UInt8(ascii: "("): depth += 1
                case UInt8(ascii: ")") where depth > 0: depth -= 1
                case UInt8(ascii: "\\") where depth > 0: rest.removeFirst()
                case _ where depth > 0: break
                default: guard ASCII.isFoldingSpace(byte) else { return }
                }
                rest = rest.dropFirst()
            }
        }

        /// What stands before the next `;`, white space or comment.
        mutating func word() -> ArraySlice<UInt8> {
            skipSpace()
            return take { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "(") && !ASCII.isFoldingSpace($0) }
        }

        /// Moves behind the next `;`; false at the end.
        mutating func skipToParameter() -> Bool {
            while let byte = rest.first, byte != UInt8(ascii: ";") {
                _ = take { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "(") }
                skipSpace()
            }
            guard rest.popFirst() != nil else { return false }
            skipSpace()
            return !rest.isEmpty
        }

        mutating func name() -> ArraySlice<UInt8> {
            take { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") && !ASCII.isFoldingSpace($0) }
        }

        mutating func skipEqualsSign() -> Bool {
            skipSpace()
            guard rest.first == UInt8(ascii: "=") else { return false }
            rest.removeFirst()
            skipSpace()
            return true
        }

        /// A quoted-string without its quotes and backslashes, or what stands before the next `;` or white space.
        mutating func value() -> [UInt8] {
            guard rest.first == UInt8(ascii: "\"") else {
                return Array(take { $0 != UInt8(ascii: ";") && !ASCII.isFoldingSpace($0) })
            }
            rest.removeFirst()
            var value: [UInt8] = []
            while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
                let escaped = byte == UInt8(ascii: "\\") ? rest.popFirst() : nil
                value.append(escaped ?? byte)
            }
            return value
        }

        private mutating func take(while belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
            let taken = rest.prefix(while: belongs)
            rest = rest[taken.endIndex...]
            return taken
        }
    }
}
