/// Reads JSON text (RFC 8259) strictly into the restricted profile of `JSONValue`.
///
/// Refused by name and place: floats and exponents, null, -0, integers beyond ±(2^53-1), duplicate and non-ASCII member
/// names, lone surrogates, U+0000, invalid UTF-8, a byte order mark, more than 16 levels, anything after the value.
package struct JSONReader {
    private let bytes: [UInt8]
    private let end: Int
    private let nullable: Set<String>
    private var position: Int
    private var nullableDepth = 1
    /// Whether the string that was read last is.
    private var isASCII = true
    /// Whether a null at the wrong place spoils only its element.
    private var isForgiving = false
    private var element = 0
    private var misplacedNulls: [Int: Refusal] = [:]
    /// How many bytes each element of the outermost array takes as it came.
    private var elementSizes: [Int] = []

    /// The one value that `bytes` hold.
    ///
    /// - Parameter nullable: member names for which null means absent, in the body's object or the objects of the
    ///   body's array and nowhere deeper; null is refused everywhere else.
    package static func read(_ bytes: [UInt8], nullable: Set<String> = []) throws(Refusal) -> JSONValue {
        try read(bytes, range: bytes.indices, nullable: nullable)
    }

    /// The one value that `bytes[range]` hold.
    package static func read(
        _ bytes: [UInt8], range: Range<Int>, nullable: Set<String> = []
    ) throws(Refusal) -> JSONValue {
        var reader = JSONReader(bytes: bytes, range: range, nullable: nullable)
        reader.skipWhiteSpace()
        if reader.position < reader.end, bytes[reader.position] == UInt8(ascii: "[") { reader.nullableDepth = 2 }
        let value = try reader.value(depth: 0)
        reader.skipWhiteSpace()
        guard reader.position == reader.end else { throw reader.malformed("unexpected text after the value") }
        return value
    }

    /// The elements of the array that `bytes` hold, or the one value, each with its size in bytes as it came.
    package static func readSizedElements(
        _ bytes: [UInt8]
    ) throws(Refusal) -> (elements: [(value: JSONValue, size: Int)], isList: Bool) {
        var reader = JSONReader(bytes: bytes, range: bytes.indices, nullable: [])
        let value = try reader.value(depth: 0)
        reader.skipWhiteSpace()
        guard reader.position == reader.end else { throw reader.malformed("unexpected text after the value") }
        guard case .array(let elements) = value else { return ([(value, bytes.count)], false) }
        return (zip(elements, reader.elementSizes).map { ($0, $1) }, true)
    }

    /// The elements of the array that `bytes` hold, or the one object. A null at the wrong place spoils only its
    /// element; any other fault spoils all.
    package static func readElements(
        _ bytes: [UInt8], nullable: Set<String>
    ) throws(Refusal) -> (elements: [Result<JSONValue, Refusal>], isList: Bool) {
        var reader = JSONReader(bytes: bytes, range: bytes.indices, nullable: nullable)
        reader.isForgiving = true
        reader.skipWhiteSpace()
        let isList = reader.current == UInt8(ascii: "[")
        if isList { reader.nullableDepth = 2 }
        let value = try reader.value(depth: 0)
        reader.skipWhiteSpace()
        guard reader.position == reader.end else { throw reader.malformed("unexpected text after the value") }
        guard isList || value.members != nil else {
            throw reader.misplacedNulls[0] ?? Refusal(.invalidMember, "expected an object or an array of objects")
        }
        let values = value.elements ?? [value]
        return (
            values.enumerated().map { index, value in
                reader.misplacedNulls[index].map { .failure($0) } ?? .success(value)
            }, isList
        )
    }

    private init(bytes: [UInt8], range: Range<Int>, nullable: Set<String>) {
        self.bytes = bytes
        self.nullable = nullable
        position = range.lowerBound
        end = range.upperBound
    }

    private func malformed(_ reason: String) -> Refusal {
        Refusal(.malformedJSON, "\(reason) at byte \(position)")
    }

    private var current: UInt8? { position < end ? bytes[position] : nil }

    private mutating func skipWhiteSpace() {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func value(depth: Int) throws(Refusal) -> JSONValue {
        skipWhiteSpace()
        guard let first = current else { throw malformed("the text ends where a value is expected") }
        switch first {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try integer())
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            let refusal = malformed("null is not part of the profile; leave the member out")
            guard isForgiving else { throw refusal }
            if misplacedNulls[element] == nil { misplacedNulls[element] = refusal }
            return .bool(false)
        case 0xEF: throw malformed("a byte order mark or another unexpected character")
        default: throw malformed("unexpected character")
        }
    }

    private mutating func literal(_ word: String) throws(Refusal) {
        let next = position + word.utf8.count
        guard next <= end, bytes[position..<next].elementsEqual(word.utf8) else { throw malformed("unexpected word") }
        position = next
    }

    private func requireDepth(_ depth: Int) throws(Refusal) {
        guard depth <= JSONValue.depthMax else {
            throw Refusal(
                .malformedJSON, "nested deeper than \(JSONValue.depthMax) levels at byte \(position)",
                limit: JSONValue.depthMax)
        }
    }

    private mutating func object(depth: Int) throws(Refusal) -> JSONValue {
        try requireDepth(depth)
        position += 1
        var members: [JSONValue.Member] = []
        var names: Set<String>?
        skipWhiteSpace()
        if current == UInt8(ascii: "}") {
            position += 1
            return .object([])
        }
        while true {
            skipWhiteSpace()
            guard current == UInt8(ascii: "\"") else { throw malformed("expected a member name") }
            let name = try string()
            guard isASCII else { throw malformed("a member name is not ASCII") }
            try requireNew(name, among: members, &names)
            skipWhiteSpace()
            guard current == UInt8(ascii: ":") else { throw malformed("expected a colon") }
            position += 1
            if let value = try memberValue(name, depth: depth) { members.append(.init(name, value)) }
            skipWhiteSpace()
            switch current {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(members)
            default: throw malformed("expected a comma or the end of the object")
            }
        }
    }

    /// Few names are compared one by one; many go through a set, so that no input makes the reader quadratic.
    private func requireNew(
        _ name: String, among members: [JSONValue.Member], _ names: inout Set<String>?
    ) throws(Refusal) {
        let isNew: Bool
        if members.count < 16 {
            isNew = !members.contains { $0.name == name }
        } else {
            if names == nil { names = Set(members.map(\.name)) }
            isNew = names?.insert(name).inserted ?? true
        }
        guard isNew else { throw malformed("a member name stands twice").within(name) }
    }

    private mutating func memberValue(_ name: String, depth: Int) throws(Refusal) -> JSONValue? {
        skipWhiteSpace()
        if depth == nullableDepth, current == UInt8(ascii: "n"), nullable.contains(name) {
            try literal("null")
            return nil
        }
        do throws(Refusal) {
            return try value(depth: depth)
        } catch {
            throw error.within(name)
        }
    }

    private mutating func array(depth: Int) throws(Refusal) -> JSONValue {
        try requireDepth(depth)
        position += 1
        var elements: [JSONValue] = []
        skipWhiteSpace()
        if current == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        while true {
            if depth == 1 { element = elements.count }
            let start = position
            do throws(Refusal) {
                elements.append(try value(depth: depth))
            } catch {
                throw error.within(String(elements.count))
            }
            if depth == 1 { elementSizes.append(position - start) }
            skipWhiteSpace()
            switch current {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(elements)
            default: throw malformed("expected a comma or the end of the array")
            }
        }
    }

    private mutating func integer() throws(Refusal) -> Int {
        let isNegative = current == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let start = position
        var magnitude = 0
        while let digit = current, digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") {
            magnitude = magnitude * 10 + Int(digit - UInt8(ascii: "0"))
            guard magnitude <= JSONValue.integerMax else {
                throw malformed("an integer is beyond ±(2^53-1); write it as a string")
            }
            position += 1
        }
        guard position > start else { throw malformed("expected a digit") }
        guard bytes[start] != UInt8(ascii: "0") || position == start + 1 else { throw malformed("a leading zero") }
        guard !(isNegative && magnitude == 0) else { throw malformed("-0 is not an integer of the profile") }
        switch current {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            throw malformed("floats and exponents are not part of the profile; write the number as a string")
        default: return isNegative ? -magnitude : magnitude
        }
    }

    private mutating func string() throws(Refusal) -> String {
        position += 1
        let start = position
        var all: UInt8 = 0
        while position < end {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                isASCII = all < 0x80
                guard let text = Self.text(bytes.span.extracting(start..<position), isASCII: isASCII) else {
                    throw malformed("invalid UTF-8 before")
                }
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw malformed("a control character in a string") }
            all |= byte
            position += 1
        }
        throw malformed("the text ends within a string")
    }

    /// The string of these bytes, which are checked unless they are known to be ASCII; nil if they are no UTF-8.
    private static func text(_ utf8: Span<UInt8>, isASCII: Bool) -> String? {
        if isASCII { return unsafe String(copying: UTF8Span(unchecked: utf8, isKnownASCII: true)) }
        guard let valid = try? UTF8Span(validating: utf8) else { return nil }
        return String(copying: valid)
    }

    private mutating func escapedString(from start: Int) throws(Refusal) -> String {
        var content = Array(bytes[start..<position])
        while position < end {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                isASCII = content.allSatisfy { $0 < 0x80 }
                guard let text = Self.text(content.span, isASCII: isASCII) else {
                    throw malformed("invalid UTF-8 before")
                }
                position += 1
                return text
            case UInt8(ascii: "\\"): try appendEscape(to: &content)
            default:
                guard byte >= 0x20 else { throw malformed("a control character in a string") }
                content.append(byte)
                position += 1
            }
        }
        throw malformed("the text ends within a string")
    }

    private mutating func appendEscape(to content: inout [UInt8]) throws(Refusal) {
        position += 1
        guard let letter = current else { throw malformed("the text ends within an escape") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "u"): content.append(contentsOf: Character(try escapedScalar()).utf8)
        default: throw malformed("an unknown escape")
        }
    }

    private mutating func escapedScalar() throws(Refusal) -> Unicode.Scalar {
        var code = UInt32(try fourDigits())
        if (0xD800..<0xDC00).contains(code), current == UInt8(ascii: "\\"), position + 1 < end,
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let low = UInt32(try fourDigits())
            guard (0xDC00..<0xE000).contains(low) else { throw malformed("a lone surrogate") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard code != 0 else { throw malformed("U+0000 is not part of the profile") }
        guard let scalar = Unicode.Scalar(code) else { throw malformed("a lone surrogate") }
        return scalar
    }

    private mutating func fourDigits() throws(Refusal) -> UInt16 {
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = current.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }),
                bytes[position] < 0x80
            else { throw malformed("expected four hexadecimal digits") }
            code = code << 4 | UInt16(digit)
            position += 1
        }
        return code
    }
}
