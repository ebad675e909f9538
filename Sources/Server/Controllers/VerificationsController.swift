import Hummingbird
import Identities
import Ledger
import LedgerStore
import MailAuthentication

/// `/v1/verifications/...`: checks of what mail and the name system say, with the evidence of each look-up; with
/// `record=true` each is an entry.
struct VerificationsController: Sendable {
    /// RFC 5321 §4.5.3.1: a path has 256 octets; what is longer is no address, but may well be asked about.
    private static let textSizeMax = 1_024

    let verifications: Verifications
    let checks: IdentityChecks
    let register: IdentityRegister
    let timeout: Duration

    var routes: [Route] {
        [
            Route(.post, "/v1/verifications/spf", .ingest, spf),
            Route(.post, "/v1/verifications/identity", .ingest, identity),
            Route(.post, "/v1/verifications/message", .ingest, message),
            Route(.post, "/v1/verifications/{seq}/replay", .export, replay),
        ]
    }

    private func spf(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let isRecorded = try query.flag("record")
        try query.requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        var members = try MemberReader(try JSONReader.read(try await request.wholeBody(context)))
        let client = try members.require("ip", IdentitySettings.address)
        let helo = try members.require("helo", Self.text)
        let mailFrom = try members.take("mail_from", Self.text)
        let message = try members.take("message_id") { (value) throws(Refusal) in
            try MessageID(try MemberReader.text(value, min: 1, max: MessageID.sizeMax))
        }
        try members.requireNothingElse()
        let asked = SPFRequest(client: client, helo: helo, mailFrom: mailFrom ?? "")
        let checked = await verifications.check(asked, scope: mailFrom == nil ? .helo : .mfrom)
        let placed =
            try await isRecorded
            ? verifications.record(
                checked, asked, message: message, in: caller.ledger, reporter: reporter(caller),
                deadline: .now + timeout) : nil
        let envelope = MessageEnvelope(asked, checked.result.scope)
        return Self.answer(checked.result.json, checked.evidence, placed, claimed: envelope.claimed())
    }

    private func identity(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let isRecorded = try query.flag("record")
        try query.requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        let json = try JSONReader.read(try await request.wholeBody(context))
        var members = try MemberReader(json)
        let name = try members.require("identity", IdentityName.init(json:))
        var settings = try IdentitySettings(&members)
        try members.requireNothingElse()
        // Whoever names nothing but the identity means it as it was set.
        let hasSettings = (json.members?.count ?? 0) > 1
        let known = hasSettings && !isRecorded ? nil : try await register.find(name, in: caller.ledger)
        if let known { settings = known.settings }
        guard isRecorded else {
            let checked = await verifications.check(settings.identity(of: name.domain))
            return Self.answer(checked.result.json, checked.evidence, nil)
        }
        // A recorded check is in force for what is sent then, so it is no caller's business what it is held to.
        guard !hasSettings else {
            throw Refusal(.invalidMember, "a recorded check holds an identity to its own settings: name it alone")
        }
        guard known != nil else {
            throw StoreError(.notFound, "the ledger has no such identity; PUT /v1/identities/{identity} makes one")
        }
        let (checked, placed, _) = try await checks.check(
            name, settings, in: caller.ledger, reporter: reporter(caller), timeout: timeout)
        return Self.answer(checked.result.json, checked.evidence, placed)
    }

    private func message(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let client = try query.one("ip") { (text) throws(Refusal) in try IdentitySettings.address(.string(text)) }
        let helo = try query.one("helo") { (text) throws(Refusal) in try Self.text(.string(text)) }
        let mailFrom = try query.one("mail_from") { (text) throws(Refusal) in try Self.text(.string(text)) }
        let asOf = try query.timestamp("as_of")
        let phase = try query.choice("phase", of: Phase.self) ?? .postSend
        let isRecorded = try query.flag("record")
        try query.requireNothingElse()
        try MediaType.requireMessage(request)
        let message = try await Self.message(in: try await request.filledBody(context))
        let envelope = MessageEnvelope(client: client, helo: helo, mailFrom: mailFrom)
        let claimed = envelope.claimed(withTime: asOf != nil)
        let checked = await verifications.check(message, envelope, asOf: asOf)
        let placed =
            try await isRecorded
            ? verifications.record(
                checked, envelope, claimed: claimed, phase: phase, in: caller.ledger, reporter: reporter(caller),
                deadline: .now + timeout) : nil
        return Self.answer(checked.result.json, checked.evidence, placed, claimed: claimed)
    }

    /// The message in a body: split off the event loop, which has other connections.
    private static func message(in body: [UInt8]) async throws -> RawMessage {
        let message = await withTaskExecutorPreference(globalConcurrentExecutor) { RawMessage(received: body) }
        guard !message.hasTooManyFields else {
            throw Refusal(
                .invalidParameter, "the message has more than \(RawMessage.fieldCountMax) header fields")
        }
        return message
    }

    private func replay(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let seq = try context.number("seq", max: JSONValue.integerMax)
        try QueryReader(request).requireNothingElse()
        let body = try await request.wholeBody(context)
        if !body.isEmpty { try MediaType.requireMessage(request) }
        let message = try await body.isEmpty ? nil : Self.message(in: body)
        let replay = try await verifications.replay(seq, message: message, in: caller.ledger)
        return JSONWriter.answer { writer in
            writer.member("seq", seq)
            writer.member("identical", replay.isIdentical)
            writer.member("recorded_engine", replay.recordedEngine)
            writer.member("engine", replay.engine)
            writer.member("same_public_suffix_list", replay.hasSameList)
            writer.member("lost_evidence", replay.lostCount)
            writer.claimed(replay.claimed)
            writer.name("not_asked_before")
            writer.array { writer in
                for question in replay.missing { writer.value("\(question.name) \(question.type.name)") }
            }
            writer.name("result")
            writer.value(replay.result)
        }
    }

    private func reporter(_ caller: Caller) -> Reporter { Reporter(id: caller.grant.id, via: .service) }

    /// - Parameter claimed: the facts that the caller gave, by name.
    private static func answer(
        _ result: JSONValue, _ evidence: [DNSEvidence], _ placed: Placed?, claimed: [String] = []
    ) -> Response {
        JSONWriter.answer(status: placed == nil ? .ok : .created) { writer in
            for member in result.members ?? [] {
                writer.name(member.name)
                writer.value(member.value)
            }
            writer.claimed(claimed)
            // Each as the canonical JSON whose SHA-256 is its digest.
            writer.name("evidence")
            writer.array { writer in
                for each in evidence { writer.verbatim(each.json) }
            }
            if let placed {
                writer.member("seq", placed.seq)
                writer.member("recorded_at", placed.recordedAt)
            }
        }
    }

    private static func text(_ value: JSONValue) throws(Refusal) -> String {
        try MemberReader.text(value, min: 0, max: textSizeMax)
    }
}

extension JSONWriter {
    fileprivate mutating func claimed(_ names: [String]) {
        guard !names.isEmpty else { return }
        name("claimed")
        array { writer in
            for name in names { writer.value(name) }
        }
    }
}
