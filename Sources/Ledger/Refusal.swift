/// A clear no to what a caller handed in: it names the place and the limit, and never repeats the value.
///
/// Equality looks at the code only, so that a test may compare with a freshly made refusal.
package struct Refusal: Error, Sendable {
    /// What kind of fault it is; the raw value is the `code` member of the problem document.
    package enum Code: String, Sendable {
        case malformedJSON = "malformed_json"
        case invalidMember = "invalid_member"
        case unknownMember = "unknown_member"
        case missingMember = "missing_member"
        case tooLarge = "too_large"
        case tooMany = "too_many"
        case forbiddenKind = "forbidden_kind"
        case idempotencyConflict = "idempotency_conflict"
        case invalidParameter = "invalid_parameter"
    }

    package let code: Code
    /// A sentence for people, without a capital and without the refused value.
    package let reason: String
    /// The member names and element indexes that lead to the place, outermost first.
    package private(set) var path: [String]
    /// The position of the element within its batch.
    package var index: Int?
    /// The limit that was passed, in the unit that the reason names.
    package let limit: Int?

    package init(_ code: Code, _ reason: String, at path: [String] = [], limit: Int? = nil) {
        self.code = code
        self.reason = reason
        self.path = path
        self.limit = limit
    }

    /// The same refusal seen from one level further out.
    package func within(_ component: String) -> Refusal {
        var outer = self
        outer.path.insert(component, at: 0)
        return outer
    }

    /// The same refusal of the element at `index` of a batch.
    package func inElement(_ index: Int) -> Refusal {
        var placed = self
        placed.index = index
        return placed
    }

    /// The place as a JSON Pointer (RFC 6901); empty for the whole value.
    package var pointer: String {
        path.map { component in
            "/" + component.replacing("~", with: "~0").replacing("/", with: "~1")
        }.joined()
    }
}

extension Refusal: Equatable {
    package static func == (left: Refusal, right: Refusal) -> Bool { left.code == right.code }
}

extension Refusal: CustomStringConvertible {
    package var description: String {
        let place = (index.map { "element \($0)" } ?? "") + pointer
        return place.isEmpty ? reason : "\(place): \(reason)"
    }
}
