package import Ledger

/// One member of a result that is another one than in the check before.
package struct ResultChange: Sendable {
    /// The names that lead to it, such as `dmarc.record`.
    package let path: String
    /// Absent where there was none.
    package let before: JSONValue?
    /// Absent where there is none any more.
    package let after: JSONValue?

    /// The most changes that are told.
    package static let countMax = 50
    /// What differs between any two checks and says nothing: when it was, and on which packets it rests.
    private static let ignored: Set<String> = ["evaluated_at", "evidence"]

    /// What changed from `before` to `after`, at most ``countMax``. Lists are compared as wholes; where one result is
    /// shortened, it is the short forms.
    package static func changes(from before: JSONValue, to after: JSONValue) -> [ResultChange] {
        if ShortenedResult.isShortened(before) != ShortenedResult.isShortened(after) {
            return self.changes(from: ShortenedResult.of(before), to: ShortenedResult.of(after))
        }
        var changes: [ResultChange] = []
        collect(before, after, [], &changes)
        return changes
    }

    private static func collect(
        _ before: JSONValue?, _ after: JSONValue?, _ path: [String], _ changes: inout [ResultChange]
    ) {
        guard changes.count < countMax, fingerprint(of: before) != fingerprint(of: after) else { return }
        guard let old = before?.members, let new = after?.members else {
            changes.append(ResultChange(path: path.joined(separator: "."), before: before, after: after))
            return
        }
        let names = new.map(\.name) + old.map(\.name).filter { name in !new.contains { $0.name == name } }
        for name in names where !ignored.contains(name) {
            collect(before?[name], after?[name], path + [name], &changes)
        }
    }

    private static func fingerprint(of value: JSONValue?) -> [UInt8]? {
        value.map { CanonicalWriter.bytes(of: stripped($0)) }
    }

    /// The value without what differs between any two checks.
    static func stripped(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(members.filter { !ignored.contains($0.name) }.map { .init($0.name, stripped($0.value)) })
        case .array(let elements): .array(elements.map(stripped))
        case .string, .integer, .bool: value
        }
    }
}
