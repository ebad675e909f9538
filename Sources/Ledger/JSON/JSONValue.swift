/// A JSON value of the restricted profile that lines are made of: objects, arrays, strings, booleans and integers
/// within ±(2^53-1). There is no null and no float (Format.md, "Profile").
///
/// Strings are Swift strings for convenience. Beware: their `==` is Unicode-canonical; where NFC and NFD must stay
/// apart, compare `utf8`.
package enum JSONValue: Sendable {
    case object([Member])
    case array([JSONValue])
    case string(String)
    case integer(Int)
    case bool(Bool)

    /// One name and its value.
    package struct Member: Sendable {
        package let name: String
        package let value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// The largest magnitude of an integer: what every JSON implementation holds exactly (RFC 8785 §3.2.2.3).
    package static let integerMax = (1 << 53) - 1
    /// How deep objects and arrays may be nested.
    package static let depthMax = 16

    /// The value of the member `name` if this is an object that has one.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The string, if it is one.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The integer, if it is one.
    package var number: Int? {
        if case .integer(let number) = self { number } else { nil }
    }

    /// The elements, if it is an array.
    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members, if it is an object.
    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
