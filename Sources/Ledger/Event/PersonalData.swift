/// What a caller hands over to be sealed: names and plaintext values that never stand in a line.
package struct PersonalData: Sendable {
    /// The longest name, in bytes.
    package static let nameSizeMax = 64

    /// One name with its value, or with its elements, each of which gets a disclosure of its own.
    package struct Item: Sendable {
        package let name: String
        package let values: [JSONValue]
        package let isList: Bool
    }

    /// In the order of their names.
    package private(set) var items: [Item] = []
    /// The people that the entry is about, each once, in the form that addresses are looked up by: recipients, then the
    /// author.
    package private(set) var people: [String] = []

    package init() {}

    /// Adds one value under `name`, or replaces it.
    package mutating func set(_ name: String, _ value: JSONValue) {
        items.removeAll { $0.name == name }
        if case .array(let elements) = value {
            items.append(Item(name: name, values: elements, isList: true))
        } else {
            items.append(Item(name: name, values: [value], isList: false))
        }
        items.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Reads the member `personal` of an event.
    init(_ value: JSONValue) throws(Refusal) {
        guard case .object(let members) = value else { throw Refusal(.invalidMember, "expected an object") }
        // Recipients come first among the people, whatever the order of the members: verification finds them so again.
        for member in members.filter({ $0.name == "recipient" }) + members.filter({ $0.name != "recipient" }) {
            do throws(Refusal) {
                try Self.requireName(member.name)
                switch member.name {
                case "recipient": set("recipient", try recipients(member.value))
                case "author": set("author", .string(try person(member.value)))
                default: set(member.name, member.value)
                }
            } catch {
                throw error.within(member.name)
            }
        }
    }

    private static func requireName(_ name: String) throws(Refusal) {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
            default: false
            }
        }
        // RFC 9901 §4.2.1: a claim name is neither "_sd" nor "...".
        guard isPlain, !name.isEmpty, name.utf8.count <= nameSizeMax, name != "_sd", name != "..." else {
            throw Refusal(
                .invalidMember,
                "a personal name has 1 to \(nameSizeMax) letters, digits, '_', '.' or '-', and is not '_sd' or '...'",
                limit: nameSizeMax)
        }
    }

    private mutating func person(_ value: JSONValue) throws(Refusal) -> String {
        guard let text = value.text else { throw Refusal(.invalidMember, "expected an address") }
        let address = try Address(text)
        if !people.contains(where: { $0.utf8.elementsEqual(address.lookupForm.utf8) }) {
            people.append(address.lookupForm)
        }
        return address.text
    }

    private mutating func recipients(_ value: JSONValue) throws(Refusal) -> JSONValue {
        guard case .array(let elements) = value else { return .array([try recipient(value)]) }
        guard !elements.isEmpty else { throw Refusal(.invalidMember, "the list of recipients is empty") }
        var recipients: [JSONValue] = []
        for (index, element) in elements.enumerated() {
            do throws(Refusal) {
                recipients.append(try recipient(element))
            } catch {
                throw error.within(String(index))
            }
        }
        return .array(recipients)
    }

    private enum Role: String, CaseIterable {
        case to, cc, bcc
    }

    private mutating func recipient(_ value: JSONValue) throws(Refusal) -> JSONValue {
        if case .string = value { return ["address": .string(try person(value)), "role": "to"] }
        guard case .object = value else {
            throw Refusal(.invalidMember, "expected an address, an object {address, role} or a list of them")
        }
        var members = try MemberReader(value)
        let role = try members.choice("role", of: Role.self) ?? .to
        guard let address = members.take("address") else {
            throw Refusal(.missingMember, "the member 'address' is required")
        }
        try members.requireNothingElse()
        do throws(Refusal) {
            return ["address": .string(try person(address)), "role": .string(role.rawValue)]
        } catch {
            throw error.within("address")
        }
    }
}
