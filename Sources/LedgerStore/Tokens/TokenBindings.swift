package import Ledger

/// What the entries of a token must say: a token that is bound cannot speak for anybody else.
///
/// A dimension that is bound is demanded: an entry that names no sender is no entry of a token bound to senders.
/// Entries of the kinds `access` and `policy`, with which the service records what a token was used for, are not
/// judged, and the record of a call as an attempt of its step is judged by engine and function alone.
package struct TokenBindings: Sendable, Equatable {
    /// The most values of one dimension.
    package static let valuesMax = 64

    /// Addresses in the form for look-up, and domains, which stand for every address in them.
    package var senders: [String] = []
    package var kinds: [String] = []
    /// Ids of actors.
    package var actors: [String] = []
    /// The engine of the workflow, such as `inngest`.
    package var engine: String?
    /// The workflow's function (`workflow.function_id`).
    package var function: String?

    package init() {}

    /// Whether nothing is bound.
    package var isEmpty: Bool { self == TokenBindings() }

    /// Reads the member `bindings` of a request for a token, or of the entry that granted one.
    package init(_ value: JSONValue) throws(Refusal) {
        var reader = try MemberReader(value)
        senders = try reader.take("senders") { (value) throws(Refusal) in try Self.texts(value, Self.sender) } ?? []
        kinds =
            try reader.take("kinds") { (value) throws(Refusal) in
                try Self.texts(value) { (text) throws(Refusal) in
                    guard let kind = Kind(rawValue: text), !kind.isReservedForTheService else {
                        let names = Kind.allCases.filter { !$0.isReservedForTheService }.map(\.rawValue)
                        throw Refusal(.invalidMember, "expected one of \(names.joined(separator: ", "))")
                    }
                    return text
                }
            } ?? []
        actors =
            try reader.take("actors") { (value) throws(Refusal) in
                try Self.texts(value) { (text) throws(Refusal) in
                    try MemberReader.text(.string(text), min: 1, max: Actor.idSizeMax)
                }
            } ?? []
        engine = try reader.take("engine", Workflow.engine)
        function = try reader.text("function", min: 1, max: 512)
        try reader.requireNothingElse()
    }

    private static func sender(_ text: String) throws(Refusal) -> String {
        if text.utf8.contains(UInt8(ascii: "@")) { return try Address(text).lookupForm }
        return try Address.domain(text)
    }

    private static func texts(
        _ value: JSONValue, _ read: (String) throws(Refusal) -> String
    ) throws(Refusal) -> [String] {
        guard let elements = value.elements, !elements.isEmpty else {
            throw Refusal(.invalidMember, "expected a list with at least one text")
        }
        guard elements.count <= valuesMax else {
            throw Refusal(.tooMany, "at most \(valuesMax) values", limit: valuesMax)
        }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.text else { throw Refusal(.invalidMember, "expected a text", at: [String(index)]) }
            do throws(Refusal) {
                texts.append(try read(text))
            } catch {
                throw error.within(String(index))
            }
        }
        return texts
    }

    /// As it stands in `access/granted` entries and in answers.
    package var json: JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ texts: [String]) {
            if !texts.isEmpty { members.append(.init(name, .array(texts.map(JSONValue.string)))) }
        }
        add("actors", actors)
        if let engine { members.append(.init("engine", .string(engine))) }
        if let function { members.append(.init("function", .string(function))) }
        add("kinds", kinds)
        add("senders", senders)
        return .object(members)
    }

    /// The member of an entry that the bindings speak against, or nil.
    func refusedMember(of event: Event) -> String? {
        guard !event.kind.isReservedForTheService else { return nil }
        if let engine, !Self.isSame(engine, event.workflow?.engine) { return "workflow.engine" }
        if let function, !Self.isSame(function, event.workflow?.functionID) { return "workflow.function_id" }
        guard !(event.kind == .stepAttempt && event.outcome == "called") else { return nil }
        if !kinds.isEmpty, !kinds.contains(event.kind.rawValue) { return "kind" }
        if !actors.isEmpty, !actors.contains(where: { Self.isSame($0, event.actor?.id) }) { return "actor.id" }
        // Attempts of steps and the ends of runs are about no message and have no sender.
        let hasSender = event.kind != .stepAttempt && event.kind != .runOutcome
        if !senders.isEmpty, hasSender || event.sender != nil, !covers(event.sender) { return "sender" }
        return nil
    }

    /// Whether entries in the name of `sender` are the token's to make.
    package func covers(_ sender: Address?) -> Bool {
        guard let sender else { return false }
        return senders.contains { Self.isSame($0, sender.lookupForm) || Self.isSame($0, sender.domain) }
    }

    /// Texts are compared as bytes: equal ones in Unicode's sense are not the same.
    private static func isSame(_ bound: String, _ text: String?) -> Bool {
        text.map { bound.utf8.elementsEqual($0.utf8) } ?? false
    }
}
