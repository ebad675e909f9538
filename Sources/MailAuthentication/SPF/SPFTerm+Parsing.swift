import Ledger

extension SPFTerm {
    /// The term in `text`, which holds no space; nil if it breaks the grammar (RFC 7208 §12).
    init?(_ text: ArraySlice<UInt8>) {
        let name = Self.namePrefix(of: text)
        if !name.isEmpty, name.endIndex < text.endIndex, text[name.endIndex] == UInt8(ascii: "=") {
            guard let modifier = SPFModifier(name: name, value: text[(name.endIndex + 1)...]) else { return nil }
            self = .modifier(modifier)
        } else {
            guard let directive = SPFDirective(text) else { return nil }
            self = .directive(directive)
        }
    }

    /// The longest `name` that `text` begins with (§6).
    fileprivate static func namePrefix(of text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = text.first, ASCII.isAlpha(first) else { return text.prefix(0) }
        return text.prefix { ASCII.isAlpha($0) || ASCII.isDigit($0) || "-_.".utf8.contains($0) }
    }
}

extension SPFModifier {
    fileprivate init?(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        let name = String(decoding: name.map(ASCII.lowercased), as: UTF8.self)
        let isKnown = name == "redirect" || name == "exp"
        guard let text = SPFMacroString(value, in: isKnown ? .domain : .modifier) else { return nil }
        self =
            switch name {
            case "redirect": .redirect(text)
            case "exp": .explanation(text)
            default: .unknown(name: name, value: text)
            }
    }
}

extension SPFDirective {
    fileprivate init?(_ text: ArraySlice<UInt8>) {
        var rest = text
        let qualifier = rest.first.flatMap(Qualifier.init)
        if qualifier != nil { rest.removeFirst() }
        let name = SPFTerm.namePrefix(of: rest)
        guard let name = SPFMechanism.Name(rawValue: String(decoding: name.map(ASCII.lowercased), as: UTF8.self)),
            let mechanism = SPFMechanism(name, rest.dropFirst(name.rawValue.utf8.count))
        else { return nil }
        self.qualifier = qualifier ?? .pass
        self.mechanism = mechanism
        self.text = String(decoding: text, as: UTF8.self)
    }
}

extension SPFMechanism {
    /// The mechanism of that name with what stands behind the name; nil if that breaks the grammar.
    fileprivate init?(_ name: Name, _ arguments: ArraySlice<UInt8>) {
        switch name {
        case .all:
            guard arguments.isEmpty else { return nil }
            self = .all
        case .include, .exists:
            guard let target = Self.target(arguments) else { return nil }
            self = name == .include ? .include(target) : .exists(target)
        case .ptr:
            let target = Self.target(arguments)
            guard arguments.isEmpty || target != nil else { return nil }
            self = .ptr(target)
        case .a, .mx:
            guard let (head, lengths) = SPFPrefixLengths.split(arguments) else { return nil }
            let target = Self.target(head)
            guard head.isEmpty || target != nil else { return nil }
            self = name == .a ? .a(target, lengths) : .mx(target, lengths)
        case .ip4, .ip6:
            guard arguments.first == UInt8(ascii: ":"),
                let network = SPFNetwork(arguments.dropFirst(), sizeBytes: name == .ip4 ? 4 : 16)
            else { return nil }
            self = name == .ip4 ? .ip4(network) : .ip6(network)
        }
    }

    /// `":" domain-spec`.
    private static func target(_ text: ArraySlice<UInt8>) -> SPFMacroString? {
        guard text.first == UInt8(ascii: ":") else { return nil }
        return SPFMacroString(text.dropFirst(), in: .domain)
    }
}

extension SPFPrefixLengths {
    /// Takes `[ ip4-cidr-length ] [ "/" ip6-cidr-length ]` off the end of `text` (§5.3); nil if a length is wrong.
    ///
    /// It is read from the end, for a slash may stand in a macro of the `domain-spec` before it.
    fileprivate static func split(_ text: ArraySlice<UInt8>) -> (head: ArraySlice<UInt8>, lengths: SPFPrefixLengths)? {
        var head = text
        var lengths = SPFPrefixLengths()
        if let digits = trailingNumber(head), head[..<(digits.startIndex - 1)].last == UInt8(ascii: "/") {
            guard let length = number(digits, max: 128) else { return nil }
            lengths.version6 = length
            head = head[..<(digits.startIndex - 2)]
        }
        if let digits = trailingNumber(head) {
            guard let length = number(digits, max: 32) else { return nil }
            lengths.version4 = length
            head = head[..<(digits.startIndex - 1)]
        }
        return (head, lengths)
    }

    /// The digits at the end that stand behind a slash.
    private static func trailingNumber(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let slash = text.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let digits = text[(slash + 1)...]
        return !digits.isEmpty && digits.allSatisfy(ASCII.isDigit) ? digits : nil
    }

    /// A decimal number without leading zeros (§5.3 `ip4-cidr-length`); nil if it is larger than `max`.
    fileprivate static func number(_ digits: ArraySlice<UInt8>, max: Int) -> Int? {
        WholeNumber.read(digits, max: max)
    }
}

extension SPFNetwork {
    /// `ip4-network [ ip4-cidr-length ]`, or the same for IPv6 (§5.6); nil if it is of the other family.
    fileprivate init?(_ text: ArraySlice<UInt8>, sizeBytes: Int) {
        let slash = text.firstIndex(of: UInt8(ascii: "/"))
        let written = String(decoding: text[..<(slash ?? text.endIndex)], as: UTF8.self)
        guard written.utf8.contains(UInt8(ascii: ":")) == (sizeBytes == 16), let address = IPAddress(text: written)
        else { return nil }
        let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        bytes = address.bytes.count == sizeBytes ? address.bytes : mappedPrefix + address.bytes
        guard let slash else {
            prefixLength = sizeBytes * 8
            return
        }
        guard let length = SPFPrefixLengths.number(text[(slash + 1)...], max: sizeBytes * 8) else { return nil }
        prefixLength = length
    }
}
