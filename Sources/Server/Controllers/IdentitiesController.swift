import Cryptography
import Hummingbird
import Identities
import Ledger
import LedgerStore

/// `/v1/identities`: sender identities, how they stand, and what changed; `/v1/dns-evidence`: what that rests on.
struct IdentitiesController: Sendable {
    private static let limitDefault = 100

    let store: LedgerStore
    let register: IdentityRegister
    let checks: IdentityChecks
    let timeout: Duration

    var routes: [Route] {
        [
            Route(.put, "/v1/identities/{identity}", .admin, set), Route(.get, "/v1/identities", .read, list),
            Route(.get, "/v1/identities/{identity}", .read, one),
            Route(.get, "/v1/identities/{identity}/history", .read, history),
            Route(.get, "/v1/dns-evidence/{digest}", .read, evidence),
        ]
    }

    private func set(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let name = try Self.name(context)
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        let settings = try IdentitySettings(json: try JSONReader.read(try await request.wholeBody(context)))
        let (seq, isChanged) = try await register.set(
            name, settings, in: caller.ledger, reporter: Reporter(id: caller.grant.id, via: .service),
            deadline: .now + timeout)
        checks.wake()
        return JSONWriter.answer(status: isChanged ? .created : .ok) { writer in
            writer.member("identity", name.text)
            writer.name("settings")
            writer.value(settings.json)
            writer.member("set_seq", seq)
            writer.member("changed", isChanged)
        }
    }

    private func list(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let limit = try query.number("limit", in: 1...IdentityRegister.pageMax) ?? Self.limitDefault
        let after = try query.one("cursor") { (text) throws(Refusal) in try IdentityName(text).text }
        try query.requireNothingElse()
        let found = try await register.list(of: caller.ledger, after: after, limit: limit + 1)
        return JSONWriter.answer { writer in
            writer.name("identities")
            writer.array { writer in
                for identity in found.prefix(limit) {
                    writer.object { writer in writer.members(of: identity) }
                }
            }
            if found.count > limit { writer.member("next_cursor", found[limit - 1].name.text) }
        }
    }

    private func one(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let name = try Self.name(context)
        try QueryReader(request).requireNothingElse()
        guard let identity = try await register.find(name, in: caller.ledger) else { throw Self.unknown }
        let last = try await register.lastCheck(of: name, in: caller.ledger)
        return JSONWriter.answer { writer in
            writer.members(of: identity)
            if let last {
                writer.name("verification")
                writer.object { writer in
                    writer.members(of: last)
                    writer.name("result")
                    writer.value(last.result)
                }
            }
        }
    }

    private func history(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let name = try Self.name(context)
        var query = try QueryReader(request)
        let limit = try query.number("limit", in: 1...IdentityRegister.pageMax) ?? Self.limitDefault
        let before = try query.number("cursor", in: 0...JSONValue.integerMax)
        try query.requireNothingElse()
        let found = try await register.history(of: name, in: caller.ledger, before: before, limit: limit)
        if found.isEmpty, try await register.find(name, in: caller.ledger) == nil { throw Self.unknown }
        return JSONWriter.answer { writer in
            writer.member("identity", name.text)
            writer.name("checks")
            writer.array { writer in
                for (check, changes) in found {
                    writer.object { writer in
                        writer.members(of: check)
                        writer.members(of: changes)
                    }
                }
            }
            if found.count == limit, let last = found.last { writer.member("next_cursor", last.check.seq) }
        }
    }

    private func evidence(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        guard let digest = Digest(hex: try context.path("digest")) else {
            throw Refusal(.invalidParameter, "the path holds no SHA-256 of 64 hexadecimal digits")
        }
        try QueryReader(request).requireNothingElse()
        guard let evidence = try await store.dnsEvidence(digest, of: caller.ledger) else {
            throw StoreError(.notFound, "the ledger keeps no evidence with this digest")
        }
        var writer = JSONWriter()
        writer.verbatim(evidence)
        return writer.response()
    }

    private static let unknown = StoreError(
        .notFound, "the ledger has no such identity; PUT /v1/identities/{identity} makes one")

    private static func name(_ context: CallContext) throws(Refusal) -> IdentityName {
        let text = try context.path("identity")
        do throws(Refusal) {
            return try IdentityName(text)
        } catch {
            throw Refusal(.invalidParameter, "the identity in the path is not valid: \(error.reason)")
        }
    }
}

extension JSONWriter {
    fileprivate mutating func members(of identity: StoredIdentity) {
        member("identity", identity.name.text)
        name("settings")
        value(identity.settings.json)
        member("set_seq", identity.setSeq)
        if let assessment = identity.assessment { member("assessment", assessment) }
        if let seq = identity.lastSeq { member("verification_seq", seq) }
        if let checkedAt = identity.checkedAt { member("checked_at", checkedAt) }
    }

    fileprivate mutating func members(of check: IdentityCheck) {
        member("seq", check.seq)
        member("recorded_at", check.recordedAt)
        member("assessment", check.assessment)
        if let trigger = check.trigger { member("trigger", trigger) }
    }

    fileprivate mutating func members(of changes: [ResultChange]) {
        name("changes")
        array { writer in
            for change in changes {
                writer.object { writer in
                    writer.member("path", change.path)
                    for (name, value) in [("before", change.before), ("after", change.after)] {
                        guard let value else { continue }
                        writer.name(name)
                        writer.value(value)
                    }
                }
            }
        }
    }
}
