/// Takes the members of one JSON object apart: every rule names its member, and a member that nobody asked for is
/// refused.
package struct MemberReader {
    private let members: [JSONValue.Member]
    private var asked: [String] = []
    /// A bit for each of the first members that was asked for.
    private var taken: UInt64 = 0

    /// The reader of `value`, which must be an object.
    package init(_ value: JSONValue) throws(Refusal) {
        guard case .object(let members) = value else { throw Refusal(.invalidMember, "expected an object") }
        self.members = members
        asked.reserveCapacity(20)
    }

    /// The value of `name`, or nil.
    package mutating func take(_ name: String) -> JSONValue? {
        asked.append(name)
        for index in members.indices where members[index].name == name {
            // Beyond the width of the number this is 0.
            taken |= 1 << UInt64(index)
            return members[index].value
        }
        return nil
    }

    /// What `body` makes of the value of `name`; a refusal is placed at that member.
    package mutating func take<Result>(
        _ name: String, _ body: (JSONValue) throws(Refusal) -> Result
    ) throws(Refusal) -> Result? {
        guard let value = take(name) else { return nil }
        do throws(Refusal) {
            return try body(value)
        } catch {
            throw error.within(name)
        }
    }

    /// Like `take`, but the member must be there.
    package mutating func require<Result>(
        _ name: String, _ body: (JSONValue) throws(Refusal) -> Result
    ) throws(Refusal) -> Result {
        guard let result = try take(name, body) else {
            throw Refusal(.missingMember, "the member '\(name)' is required")
        }
        return result
    }

    /// A string of at least `min` and at most `max` characters.
    package mutating func text(_ name: String, min: Int = 0, max: Int) throws(Refusal) -> String? {
        try take(name) { (value) throws(Refusal) in try Self.text(value, min: min, max: max) }
    }

    /// An integer of `range`.
    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(Refusal) -> Int? {
        try take(name) { (value) throws(Refusal) in try Self.integer(value, in: range) }
    }

    /// A truth value.
    package mutating func flag(_ name: String) throws(Refusal) -> Bool? {
        try take(name) { (value) throws(Refusal) in
            guard case .bool(let flag) = value else { throw Refusal(.invalidMember, "expected true or false") }
            return flag
        }
    }

    /// A date-time of RFC 3339.
    package mutating func timestamp(_ name: String) throws(Refusal) -> Timestamp? {
        try take(name) { (value) throws(Refusal) in
            guard let timestamp = value.text.flatMap({ Timestamp(claimed: $0) }) else {
                throw Refusal(.invalidMember, Timestamp.claimRule)
            }
            return timestamp
        }
    }

    /// One of the cases of `Choice`.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, of type: Choice.Type
    ) throws(Refusal) -> Choice? where Choice.RawValue == String {
        try take(name) { (value) throws(Refusal) in
            guard let choice = value.text.flatMap(Choice.init(rawValue:)) else {
                throw Refusal(
                    .invalidMember, "expected one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return choice
        }
    }

    /// Refuses members that were never asked for.
    package func requireNothingElse() throws(Refusal) {
        guard taken.nonzeroBitCount < members.count else { return }
        guard let stranger = members.first(where: { !asked.contains($0.name) }) else { return }
        throw Refusal(
            .unknownMember, "this member is not known here; known are \(asked.sorted().joined(separator: ", "))"
        ).within(stranger.name)
    }

    /// The integer of `range` that `value` must be.
    package static func integer(_ value: JSONValue, in range: ClosedRange<Int>) throws(Refusal) -> Int {
        guard let number = value.number, range.contains(number) else {
            throw Refusal(.invalidMember, "expected an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The string that `value` must be. Characters are Unicode scalars, as JSON Schema counts them.
    package static func text(_ value: JSONValue, min: Int = 0, max: Int) throws(Refusal) -> String {
        guard let text = value.text else { throw Refusal(.invalidMember, "expected a string") }
        guard text.utf8.count <= max || text.unicodeScalars.count <= max else {
            throw Refusal(.tooLarge, "at most \(max) characters", limit: max)
        }
        guard text.unicodeScalars.prefix(min).count == min else {
            throw Refusal(.invalidMember, "must not be empty")
        }
        return text
    }
}
