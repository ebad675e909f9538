import Ledger

extension JSONValue {
    /// The longest text that a result repeats of a record or a message; the evidence holds all of it.
    private static let claimSizeMax = 4_096

    /// The same value with every text fit for a line: what mail and the name system say may hold U+0000, which the
    /// profile does not know (it becomes U+FFFD), and may be long.
    var inProfile: JSONValue {
        switch self {
        case .object(let members): .object(members.map { Member($0.name, $0.value.inProfile) })
        case .array(let elements): .array(elements.map(\.inProfile))
        case .string(let text): .string(Self.inProfile(text))
        case .integer, .bool: self
        }
    }

    private static func inProfile(_ text: String) -> String {
        guard text.utf8.count > claimSizeMax || text.utf8.contains(0) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(claimSizeMax) { scalars.append(scalar == "\0" ? "\u{FFFD}" : scalar) }
        return String(scalars)
    }
}
