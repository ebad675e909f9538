/// Text with macros, checked against the grammar (RFC 7208 §7.1).
package struct SPFMacroString: Hashable, Sendable {
    /// Where the text stands, which decides what it may hold.
    package enum Place: Sendable {
        /// A `domain-spec`: the target of a mechanism, of `redirect=` or of `exp=`.
        case domain
        /// The value of a modifier that is not known.
        case modifier
        /// An `explain-string`: a TXT record that `exp=` leads to. It may hold spaces and the letters `c r t`.
        case explanation
    }

    /// A piece of the text.
    enum Part: Hashable, Sendable {
        case literal([UInt8])
        /// What `%%`, `%_` or `%-` stands for.
        case escape([UInt8])
        case macro(SPFMacro)
    }

    /// The text as it was written.
    package let text: String
    let parts: [Part]

    /// The text in `bytes`; nil if it breaks the grammar of its place.
    package init?(_ bytes: some Collection<UInt8>, in place: Place) {
        let bytes = Array(bytes)
        guard let parts = Self.parts(of: bytes, in: place) else { return nil }
        if place == .domain, !Self.endsAsDomain(parts) { return nil }
        self.parts = parts
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the text names the validated name of the client, which should not be used (§7.2 `p`).
    package var usesValidatedName: Bool {
        parts.contains { part in
            guard case .macro(let macro) = part else { return false }
            return macro.letter == .validatedName
        }
    }

    private static func parts(of bytes: [UInt8], in place: Place) -> [Part]? {
        var parts: [Part] = []
        var literal: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            guard byte == UInt8(ascii: "%") else {
                guard (0x21...0x7E).contains(byte) || byte == 0x20 && place == .explanation else { return nil }
                literal.append(byte)
                continue
            }
            guard position < bytes.count else { return nil }
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
            switch bytes[position] {
            case UInt8(ascii: "%"): parts.append(.escape(Array("%".utf8)))
            case UInt8(ascii: "_"): parts.append(.escape(Array(" ".utf8)))
            case UInt8(ascii: "-"): parts.append(.escape(Array("%20".utf8)))
            case UInt8(ascii: "{"):
                guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "}")),
                    let macro = SPFMacro(bytes[(position + 1)..<end]),
                    place == .explanation || !macro.letter.isForExplanations
                else { return nil }
                parts.append(.macro(macro))
                position = end
            default: return nil
            }
            position += 1
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    /// Whether the text ends with a macro, or with a dot and a top label (§7.1 `domain-end`).
    private static func endsAsDomain(_ parts: [Part]) -> Bool {
        guard let last = parts.last else { return false }
        guard case .literal(var end) = last else { return true }
        if end.last == UInt8(ascii: ".") { end.removeLast() }
        guard let dot = end.lastIndex(of: UInt8(ascii: ".")) else { return false }
        return isTopLabel(end[(dot + 1)...])
    }

    /// Letters, digits and inner hyphens, but not digits alone (§7.1 `toplabel`).
    private static func isTopLabel(_ label: ArraySlice<UInt8>) -> Bool {
        guard let first = label.first, let last = label.last, first != UInt8(ascii: "-"), last != UInt8(ascii: "-")
        else { return false }
        return label.allSatisfy { ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") }
            && !label.allSatisfy(ASCII.isDigit)
    }
}
