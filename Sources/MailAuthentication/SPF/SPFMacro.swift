import Ledger

/// One macro: a letter, and how its value is cut up and put together (RFC 7208 §7.1 `macro-expand`, §7.3).
struct SPFMacro: Hashable, Sendable {
    /// What a macro stands for (§7.2).
    enum Letter: UInt8, Sendable, Hashable, CaseIterable {
        case sender = 0x73  // s
        case mailbox = 0x6C  // l
        case senderDomain = 0x6F  // o
        case domain = 0x64  // d
        case address = 0x69  // i
        case validatedName = 0x70  // p
        case helo = 0x68  // h
        case family = 0x76  // v
        case readableAddress = 0x63  // c
        case receiver = 0x72  // r
        case time = 0x74  // t

        /// Whether only the text of an explanation may hold the letter (§7.2).
        var isForExplanations: Bool {
            switch self {
            case .readableAddress, .receiver, .time: true
            default: false
            }
        }
    }

    /// The largest number of parts that is told apart from all; at least 128 are asked for (§7.3).
    static let partCountMax = 1000

    let letter: Letter
    /// How many parts from the right are kept; nil for all.
    let partCount: Int?
    let isReversed: Bool
    /// The bytes that part the value: dots, if none are given.
    let delimiters: [UInt8]
    /// Whether the value is escaped as in a URL: the letter is a capital.
    let isURLEscaped: Bool

    /// The macro between braces; nil if it breaks the grammar.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        guard let first = rest.popFirst(), ASCII.isAlpha(first), let letter = Letter(rawValue: ASCII.lowercased(first))
        else { return nil }
        let digits = rest.prefix(while: ASCII.isDigit)
        rest = rest[digits.endIndex...]
        isReversed = rest.first.map(ASCII.lowercased) == UInt8(ascii: "r")
        if isReversed { rest.removeFirst() }
        guard rest.allSatisfy(Self.isDelimiter) else { return nil }
        let count = WholeNumber.readPadded(digits, max: Self.partCountMax) ?? Self.partCountMax
        // A number must not be zero (§7.3).
        guard digits.isEmpty || count > 0 else { return nil }
        self.letter = letter
        partCount = digits.isEmpty ? nil : count
        delimiters = rest.isEmpty ? [UInt8(ascii: ".")] : Array(rest)
        isURLEscaped = first != letter.rawValue
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool { ".-+,/_=".utf8.contains(byte) }

    /// The value of the letter after the macro's transformers (§7.3).
    func transform(_ value: [UInt8]) -> [UInt8] {
        var parts = value.split(omittingEmptySubsequences: false) { delimiters.contains($0) }
        if isReversed { parts.reverse() }
        if let partCount { parts = parts.suffix(partCount) }
        let joined = Array(parts.joined(separator: CollectionOfOne(UInt8(ascii: "."))))
        return isURLEscaped ? Self.urlEscaped(joined) : joined
    }

    /// All but the unreserved characters of RFC 3986 §2.3 as a percent sign and two digits (§7.3).
    private static func urlEscaped(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return bytes.flatMap { byte in
            let isUnreserved = ASCII.isAlpha(byte) || ASCII.isDigit(byte) || "-._~".utf8.contains(byte)
            return isUnreserved ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}
