/// Judges in one pass whether bytes are one JSON text of the profile in canonical form (Format.md, "Profile"), and
/// notes where its values stand: no tree, no strings, and no allocation once its tokens have found their size.
///
/// It says exactly what `JSONReader` and `CanonicalWriter` say together: yes for the bytes that reading and writing
/// give back unchanged. It does not say why not; whoever wants to know asks the reader.
package struct CanonicalScanner: Sendable {
    /// One value, or the name before it. The values within an object or array follow it; an object's names stand before
    /// their values.
    package struct Token: Sendable {
        package enum Kind: UInt8, Sendable { case object, array, text, integer, bool }

        package let kind: Kind
        /// Whether the text holds an escape, so that its bytes are not those of what it means.
        package fileprivate(set) var isEscaped = false
        package fileprivate(set) var isASCII = true
        private let start: UInt32
        private var end: UInt32 = 0
        private var following: UInt32 = 0

        /// Where the value stands; of a text, what is between its quotes.
        package var range: Range<Int> { Int(start)..<Int(end) }
        /// The token behind the value and all that it holds.
        package var next: Int { Int(following) }

        fileprivate init(_ kind: Kind, from start: Int) {
            self.kind = kind
            self.start = UInt32(truncatingIfNeeded: start)
        }

        fileprivate mutating func close(at end: Int, next: Int) {
            self.end = UInt32(truncatingIfNeeded: end)
            following = UInt32(truncatingIfNeeded: next)
        }
    }

    /// The tokens of the text that was scanned last, the outermost value first.
    package private(set) var tokens: [Token] = []
    var position = 0

    package init() {}

    /// Whether `bytes` are a text of the profile in canonical form.
    package mutating func scan(_ bytes: Span<UInt8>) -> Bool {
        tokens.removeAll(keepingCapacity: true)
        position = 0
        guard bytes.count <= Int(UInt32.max) else { return false }
        return value(bytes, depth: 0) && position == bytes.count
    }

    private mutating func value(_ bytes: Span<UInt8>, depth: Int) -> Bool {
        guard position < bytes.count else { return false }
        switch bytes[position] {
        case UInt8(ascii: "\""): return text(bytes)
        case UInt8(ascii: "{"): return depth < JSONValue.depthMax && object(bytes, depth: depth + 1)
        case UInt8(ascii: "["): return depth < JSONValue.depthMax && array(bytes, depth: depth + 1)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return integer(bytes)
        case UInt8(ascii: "t"): return literal("true", bytes)
        case UInt8(ascii: "f"): return literal("false", bytes)
        default: return false
        }
    }

    /// Whether the next byte is this one; if so, goes past it.
    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func literal(_ word: StaticString, _ bytes: Span<UInt8>) -> Bool {
        let index = tokens.count
        tokens.append(Token(.bool, from: position))
        for offset in 0..<word.utf8CodeUnitCount {
            guard take(unsafe word.utf8Start[offset], bytes) else { return false }
        }
        tokens[index].close(at: position, next: tokens.count)
        return true
    }

    // MARK: Tokens of texts

    /// Notes the text that began at `start` and ends before the present position.
    mutating func appendText(from start: Int, isEscaped: Bool, isASCII: Bool) {
        var token = Token(.text, from: start)
        token.isEscaped = isEscaped
        token.isASCII = isASCII
        token.close(at: position, next: tokens.count + 1)
        tokens.append(token)
    }

    // MARK: Objects and arrays

    private mutating func object(_ bytes: Span<UInt8>, depth: Int) -> Bool {
        let index = tokens.count
        tokens.append(Token(.object, from: position))
        position += 1
        var last = -1
        while last >= 0 || !take(UInt8(ascii: "}"), bytes) {
            let name = tokens.count
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\""), text(bytes), tokens[name].isASCII,
                last < 0 || precedes(tokens[last], tokens[name], bytes),
                take(UInt8(ascii: ":"), bytes), value(bytes, depth: depth)
            else { return false }
            last = name
            if take(UInt8(ascii: "}"), bytes) { break }
            guard take(UInt8(ascii: ","), bytes) else { return false }
        }
        tokens[index].close(at: position, next: tokens.count)
        return true
    }

    private mutating func array(_ bytes: Span<UInt8>, depth: Int) -> Bool {
        let index = tokens.count
        tokens.append(Token(.array, from: position))
        position += 1
        var isFirst = true
        while !isFirst || !take(UInt8(ascii: "]"), bytes) {
            guard value(bytes, depth: depth) else { return false }
            isFirst = false
            if take(UInt8(ascii: "]"), bytes) { break }
            guard take(UInt8(ascii: ","), bytes) else { return false }
        }
        tokens[index].close(at: position, next: tokens.count)
        return true
    }

    /// Names are ASCII, where the order of bytes is that of UTF-16 code units.
    private func precedes(_ left: Token, _ right: Token, _ bytes: Span<UInt8>) -> Bool {
        guard !left.isEscaped, !right.isEscaped else {
            return Self.content(of: left, in: bytes).lexicographicallyPrecedes(Self.content(of: right, in: bytes))
        }
        let (leftBytes, rightBytes) = (bytes.extracting(left.range), bytes.extracting(right.range))
        for index in 0..<min(leftBytes.count, rightBytes.count) where leftBytes[index] != rightBytes[index] {
            return leftBytes[index] < rightBytes[index]
        }
        return leftBytes.count < rightBytes.count
    }

    // MARK: Integers

    private mutating func integer(_ bytes: Span<UInt8>) -> Bool {
        var token = Token(.integer, from: position)
        let isNegative = take(UInt8(ascii: "-"), bytes)
        let start = position
        var magnitude = 0
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            magnitude = magnitude * 10 + Int(digit)
            guard magnitude <= JSONValue.integerMax else { return false }
            position += 1
        }
        guard position > start, bytes[start] != UInt8(ascii: "0") || (position == start + 1 && !isNegative) else {
            return false
        }
        token.close(at: position, next: tokens.count + 1)
        tokens.append(token)
        return true
    }

    /// The number of an integer token of `bytes`.
    package static func number(of token: Token, in bytes: Span<UInt8>) -> Int {
        var digits = bytes.extracting(token.range)
        let isNegative = digits[0] == UInt8(ascii: "-")
        if isNegative { digits = digits.extracting(droppingFirst: 1) }
        var magnitude = 0
        for index in 0..<digits.count { magnitude = magnitude * 10 + Int(digits[index] &- UInt8(ascii: "0")) }
        return isNegative ? -magnitude : magnitude
    }
}
