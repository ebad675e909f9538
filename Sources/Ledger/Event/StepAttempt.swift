/// One observation of one attempt of a workflow step: "this attempt was seen by this source".
///
/// Observations of the same attempt never overwrite each other; a view joins them.
package struct StepAttempt: Sendable {
    /// How an observation reached the ledger.
    package enum Source: String, Sendable {
        /// The attempt's own call on our API, by its `Step-*` headers.
        case apiHeader = "api_header"
        /// A report of the workflow's middleware.
        case report
    }

    /// The observation as an event of kind `step_attempt`.
    package private(set) var event: Event
    /// What makes two observations the same one: its digest finds earlier reports of the same attempt.
    package let identity: [UInt8]

    /// The most elements of one report.
    package static let batchMax = 500
    /// Members of a report for which null means absent.
    package static let nullable: Set<String> = ["step_id", "will_retry", "error"]
    private static let attributesSizeMax = 4096
    private static let linksMax = 50

    private enum Phase: String, CaseIterable {
        case started, finished
    }

    private enum Outcome: String, CaseIterable {
        case succeeded, failed, waiting, timedOut = "timed_out", cancelled, skipped, unknown
    }

    private enum StepKind: String, CaseIterable {
        case run, wait, sleep, invoke, plan, function, other
    }

    private enum Relation: String, CaseIterable {
        case message, approval, decision, inbound
    }

    /// Reads one element of `POST /v1/step-attempts`.
    package static func read(_ value: JSONValue) throws(Refusal) -> StepAttempt {
        var reader = try MemberReader(value)
        var workflow = try Workflow(&reader)
        guard workflow.members.contains(where: { $0.name == "attempt" }) else {
            throw Refusal(.missingMember, "the member 'attempt' is required")
        }
        guard let phase = try reader.choice("phase", of: Phase.self) else {
            throw Refusal(.missingMember, "the member 'phase' is required")
        }
        let outcome = try reader.choice("outcome", of: Outcome.self)
        guard phase == .started || outcome != nil else {
            throw Refusal(.missingMember, "a finished attempt needs the member 'outcome'")
        }
        workflow.members.append(.init("phase", .string(phase.rawValue)))
        let kind = try reader.choice("step_kind", of: StepKind.self) ?? .run
        workflow.members.append(.init("step_kind", .string(kind.rawValue)))
        if let willRetry = try reader.take("will_retry", Self.flag) {
            workflow.members.append(.init("will_retry", .bool(willRetry)))
        }
        for name in ["retry_at", "started_at", "finished_at"] {
            guard let moment = try reader.timestamp(name) else { continue }
            workflow.members.append(.init(name, .string(moment.text)))
        }
        var data: [JSONValue.Member] = [.init("source", .string(Source.report.rawValue))]
        if let links = try reader.take("links", Self.links) { data.append(.init("links", .array(links))) }
        var personal = PersonalData()
        if let error = try reader.take("error", Self.error) { personal.set("error", error) }
        if let attributes = try reader.take("attrs", Self.attributes) { personal.set("attrs", attributes) }
        for member in workflow.sealed { personal.set(member.name, member.value) }
        try reader.requireNothingElse()
        let state = phase == .started ? "started" : outcome?.rawValue ?? "unknown"
        return StepAttempt(workflow: workflow, outcome: state, data: data, personal: personal)
    }

    /// The observation of the call that a workflow step made on our API.
    ///
    /// - Parameters:
    ///   - call: tells several calls of one attempt apart: the tag of the call's idempotency key or of its content.
    ///   - messages: the messages that the call was about.
    package init(callBy workflow: Workflow, call: String, messages: [MessageID]) {
        var workflow = workflow
        workflow.members.append(.init("phase", .string(Phase.started.rawValue)))
        var data: [JSONValue.Member] = [
            .init("call", .string(call)), .init("source", .string(Source.apiHeader.rawValue)),
        ]
        if !messages.isEmpty {
            data.append(
                .init(
                    "links",
                    .array(messages.prefix(Self.linksMax).map { ["id": .string($0.text), "rel": "message"] })))
        }
        var personal = PersonalData()
        for member in workflow.sealed { personal.set(member.name, member.value) }
        self.init(workflow: workflow, outcome: "called", data: data, personal: personal)
    }

    private init(workflow: Workflow, outcome: String, data: [JSONValue.Member], personal: PersonalData) {
        var event = Event(kind: .stepAttempt, outcome: outcome, data: data, personal: personal)
        event.workflow = workflow
        self.event = event
        identity = Self.identity(workflow: workflow.json, data: .object(data))
    }

    /// The canonical bytes of what identifies an observation: engine, scope, run, run attempt, step, index, attempt,
    /// dispatch, phase, source and the call.
    static func identity(workflow: JSONValue, data: JSONValue) -> [UInt8] {
        let texts = ["engine", "scope", "run_id", "step_id", "dispatch_id", "phase"].map { name in
            JSONValue.string(workflow[name]?.text ?? "")
        }
        let numbers = ["run_attempt", "step_index", "attempt"].map { name in
            JSONValue.integer(workflow[name]?.number ?? 0)
        }
        let origin = ["source", "call"].map { name in JSONValue.string(data[name]?.text ?? "") }
        return CanonicalWriter.bytes(of: .array(texts + numbers + origin))
    }

    private static func flag(_ value: JSONValue) throws(Refusal) -> Bool {
        guard case .bool(let flag) = value else { throw Refusal(.invalidMember, "expected true, false or null") }
        return flag
    }

    private static func attributes(_ value: JSONValue) throws(Refusal) -> JSONValue {
        guard case .object = value else { throw Refusal(.invalidMember, "expected an object") }
        guard CanonicalWriter.bytes(of: value).count <= attributesSizeMax else {
            throw Refusal(.tooLarge, "at most \(attributesSizeMax) bytes as JSON", limit: attributesSizeMax)
        }
        return value
    }

    private static func error(_ value: JSONValue) throws(Refusal) -> JSONValue {
        var reader = try MemberReader(value)
        for (name, sizeMax) in [("name", 256), ("message", 4096), ("code", 128)] {
            _ = try reader.text(name, max: sizeMax)
        }
        try reader.requireNothingElse()
        return value
    }

    private static func links(_ value: JSONValue) throws(Refusal) -> [JSONValue] {
        guard let elements = value.elements else { throw Refusal(.invalidMember, "expected a list") }
        guard elements.count <= linksMax else {
            throw Refusal(.tooMany, "at most \(linksMax) links", limit: linksMax)
        }
        var links: [JSONValue] = []
        for (index, element) in elements.enumerated() {
            do throws(Refusal) {
                links.append(try link(element))
            } catch {
                throw error.within(String(index))
            }
        }
        return links
    }

    private static func link(_ value: JSONValue) throws(Refusal) -> JSONValue {
        var reader = try MemberReader(value)
        guard let relation = try reader.choice("rel", of: Relation.self) else {
            throw Refusal(.missingMember, "the member 'rel' is required")
        }
        let id = try reader.require("id") { (value) throws(Refusal) in
            let text = try MemberReader.text(value, min: 1, max: 128)
            return relation == .message ? try MessageID(text).text : text
        }
        try reader.requireNothingElse()
        return ["id": .string(id), "rel": .string(relation.rawValue)]
    }
}
