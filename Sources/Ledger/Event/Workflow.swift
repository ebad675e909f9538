/// The workflow run and step that an event belongs to, as its producer claims it.
///
/// Fields that often hold addresses (`workflow_key`, `trigger.event_id`) are taken out and sealed.
package struct Workflow: Sendable {
    package let engine: String
    package let runID: String
    /// The members that stand in clear, ready for the line.
    package internal(set) var members: [JSONValue.Member]
    /// What must be sealed, by the name that it gets under `personal`.
    let sealed: [JSONValue.Member]

    /// Reads the member `workflow` of an event.
    package init(_ value: JSONValue) throws(Refusal) {
        var reader = try MemberReader(value)
        try self.init(&reader)
        try reader.requireNothingElse()
    }

    /// Takes the identifying members from `reader`, which may hold others beside them.
    init(_ reader: inout MemberReader) throws(Refusal) {
        var clear: [JSONValue.Member] = []
        var sealed: [JSONValue.Member] = []
        engine = try reader.require("engine", Self.engine)
        runID = try reader.require("run_id") { (value) throws(Refusal) in
            try MemberReader.text(value, min: 1, max: 512)
        }
        clear.append(.init("engine", .string(engine)))
        clear.append(.init("run_id", .string(runID)))
        for (name, sizeMax) in Self.texts {
            guard let text = try reader.text(name, max: sizeMax), !text.isEmpty else { continue }
            clear.append(.init(name, .string(text)))
        }
        for (name, minimum) in Self.integers {
            guard let number = try reader.integer(name, min: minimum) else { continue }
            clear.append(.init(name, .integer(number)))
        }
        if let key = try reader.text("workflow_key", max: 512), !key.isEmpty {
            sealed.append(.init("workflow_key", .string(key)))
        }
        let trigger = try reader.take("trigger", Self.trigger)
        if let name = trigger?.name { clear.append(.init("trigger", ["event_name": .string(name)])) }
        if let id = trigger?.id { sealed.append(.init("trigger_event_id", .string(id))) }
        members = clear.sorted { $0.name < $1.name }
        self.sealed = sealed
    }

    /// Longest text of each member, in bytes.
    private static let texts: [(String, Int)] = [
        ("dispatch_id", 256), ("function_id", 512), ("function_version", 128), ("origin_run_id", 512), ("scope", 256),
        ("step_id", 512), ("step_key", 256), ("traceparent", 128),
    ]
    /// Least value of each member.
    private static let integers: [(String, Int)] = [
        ("attempt", 0), ("engine_attempt", -JSONValue.integerMax), ("max_attempts", 1), ("run_attempt", 0),
        ("step_index", 0),
    ]

    private static func engine(_ value: JSONValue) throws(Refusal) -> String {
        let text = try MemberReader.text(value, min: 1, max: 32)
        let isName = text.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): index > 0
            default: false
            }
        }
        guard isName else {
            throw Refusal(.invalidMember, "an engine is named in lower-case letters, digits and '-', such as inngest")
        }
        return text
    }

    private static func trigger(_ value: JSONValue) throws(Refusal) -> (id: String?, name: String?) {
        var reader = try MemberReader(value)
        let id = try reader.text("event_id", max: 512)
        let name = try reader.text("event_name", max: 512)
        try reader.requireNothingElse()
        return (id, name)
    }

    var json: JSONValue { .object(members) }
}
