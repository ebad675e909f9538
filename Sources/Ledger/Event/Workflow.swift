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
        clear.reserveCapacity(Self.fields.count)
        var sealed: [JSONValue.Member] = []
        engine = try reader.require("engine", Self.engine)
        runID = try reader.require("run_id") { (value) throws(Refusal) in
            try MemberReader.text(value, min: 1, max: 512)
        }
        for (name, form) in Self.fields {
            switch form {
            case .engine: clear.append(.init(name, .string(engine)))
            case .runID: clear.append(.init(name, .string(runID)))
            case .text(let sizeMax):
                guard let text = try reader.text(name, max: sizeMax), !text.isEmpty else { continue }
                clear.append(.init(name, .string(text)))
            case .integer(let range):
                guard let number = try reader.integer(name, in: range) else { continue }
                clear.append(.init(name, .integer(number)))
            case .trigger:
                let trigger = try reader.take(name, Self.trigger)
                if let event = trigger?.name { clear.append(.init(name, ["event_name": .string(event)])) }
                if let id = trigger?.id { sealed.append(.init("trigger_event_id", .string(id))) }
            }
        }
        if let key = try reader.text("workflow_key", max: 512), !key.isEmpty {
            sealed.append(.init("workflow_key", .string(key)))
        }
        members = clear
        self.sealed = sealed
    }

    private enum Form {
        case engine, runID, trigger
        /// Its longest form, in characters.
        case text(Int)
        /// Its values.
        case integer(ClosedRange<Int>)
    }

    private static let counts = 0...JSONValue.integerMax

    /// The members that stand in clear, in the order in which a line has them.
    private static let fields: [(name: String, form: Form)] = [
        ("attempt", .integer(counts)), ("dispatch_id", .text(256)), ("engine", .engine),
        ("engine_attempt", .integer(-JSONValue.integerMax...JSONValue.integerMax)), ("function_id", .text(512)),
        ("function_version", .text(128)), ("max_attempts", .integer(1...JSONValue.integerMax)),
        ("origin_run_id", .text(512)),
        ("run_attempt", .integer(counts)), ("run_id", .runID), ("scope", .text(256)), ("step_id", .text(512)),
        ("step_index", .integer(counts)), ("step_key", .text(256)), ("traceparent", .text(128)), ("trigger", .trigger),
    ]

    /// Reads the name of an engine, as a workflow and the bindings of a token have it.
    package static func engine(_ value: JSONValue) throws(Refusal) -> String {
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

    /// The function that runs, as the engine names it.
    package var functionID: String? { members.first { $0.name == "function_id" }?.value.text }

    var json: JSONValue { .object(members) }
}
