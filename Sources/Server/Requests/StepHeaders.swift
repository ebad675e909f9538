import HTTPTypes
import Hummingbird
import Ledger

/// What the `Step-*` headers of a call say about the workflow step that made it. They are the caller's claim, and never
/// a reason to refuse the call.
enum StepHeaders {
    /// There are none.
    case absent
    /// They name an attempt of a step; `content` is their canonical form.
    case step(Workflow, content: [UInt8])
    /// They cannot be read: the raw headers.
    case unreadable([JSONValue.Member])

    /// The longest raw value that is kept, in characters.
    private static let rawSizeMax = 1_024

    private enum Form {
        case text, number, trigger
    }

    private static let fields: [(name: String, member: String, form: Form)] = [
        ("Step-Attempt", "attempt", .number), ("Step-Dispatch-Id", "dispatch_id", .text),
        ("Step-Engine", "engine", .text), ("Step-Event-Id", "event_id", .trigger),
        ("Step-Function-Id", "function_id", .text), ("Step-Id", "step_id", .text),
        ("Step-Index", "step_index", .number), ("Step-Run-Id", "run_id", .text), ("Step-Scope", "scope", .text),
    ]
    private static let names = fields.map { HTTPField.Name.known($0.name) }

    init(_ headers: HTTPFields) {
        guard headers.contains(where: { $0.name.canonicalName.hasPrefix("step-") }) else {
            self = .absent
            return
        }
        var members: [JSONValue.Member] = []
        var raw: [JSONValue.Member] = []
        var isReadable = true
        for (field, name) in zip(Self.fields, Self.names) {
            let values = headers[values: name].filter { !$0.isEmpty }
            guard let value = values.first else { continue }
            raw.append(.init(field.name, .string(Self.cut(values.joined(separator: ", ")))))
            if values.count == 1, let json = Self.json(value, field.form) {
                let isTrigger = field.form == .trigger
                members.append(isTrigger ? .init("trigger", ["event_id": json]) : .init(field.member, json))
            } else {
                isReadable = false
            }
        }
        let json = JSONValue.object(members)
        if raw.isEmpty {
            self = .absent
        } else if isReadable, json["attempt"] != nil, let workflow = try? Workflow(json) {
            self = .step(workflow, content: CanonicalWriter.bytes(of: json))
        } else {
            self = .unreadable(raw)
        }
    }

    /// Visible ASCII with other characters percent-encoded.
    private static func json(_ value: String, _ form: Form) -> JSONValue? {
        guard value.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), let text = PercentEncoding.decode(value) else {
            return nil
        }
        return form == .number
            ? WholeNumber.read(text, max: JSONValue.integerMax).map(JSONValue.integer) : .string(text)
    }

    private static func cut(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(rawSizeMax)))
    }
}
