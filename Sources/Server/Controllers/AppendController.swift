import Cryptography
import Hummingbird
import Ledger
import LedgerStore

/// `POST /v1/entries`.
struct AppendController: Sendable {
    let store: LedgerStore
    let timeout: Duration

    var routes: [Route] { [Route(.post, "/v1/entries", .ingest, append)] }

    private func append(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        let type = try MediaType(of: request, allowed: [.json, .lines])
        let body = try await request.wholeBody(context)
        let (units, isSingle) = try await LoopBoundChannel.read(body) { body in
            try Self.units(body, type, request, caller)
        }
        let outcomes = try await store.append(units, to: caller.ledger, deadline: .now + timeout)
        return Self.answer(try outcomes[0].get(), isSingle: isSingle)
    }

    /// The unit of the body's entries, and behind it that of the call itself, if a workflow's step made it.
    private static func units(
        _ body: [UInt8], _ type: MediaType, _ request: Request, _ caller: Caller
    ) throws(Refusal) -> (units: [AppendUnit], isSingle: Bool) {
        var batch = try EntryBatch(body, type, request)
        var call: AppendUnit?
        switch StepHeaders(request.headers) {
        case .absent: break
        case .step(let workflow, let content):
            batch.attribute(to: workflow)
            call = Self.call(by: workflow, content: content, batch, caller)
        case .unreadable(let headers): batch.note(stepHeaders: headers)
        }
        return ([try batch.unit(caller)] + (call.map { [$0] } ?? []), batch.isSingle)
    }

    /// The record of the call itself as an attempt of the calling step; nil if it does not fit a line, for it is never
    /// the reason that a call fails.
    private static func call(
        by workflow: Workflow, content: [UInt8], _ batch: EntryBatch, _ caller: Caller
    ) -> AppendUnit? {
        let keys = caller.ledger.keys
        let messages = batch.messages
        let attempt = StepAttempt(callBy: workflow, call: batch.callTag(keys), messages: messages)
        let about = content + messages.flatMap { [0] + Array($0.text.utf8) }
        let draft = try? Draft(
            attempt.event, origin: caller.ledger.origin, reporter: Reporter(id: caller.grant.id, via: .ingest),
            idempotencyTag: keys.idempotencyTag(ofAttempt: attempt.identity, content: about),
            attempt: attempt.identity, random: Random.bytes)
        return draft.map { AppendUnit([.init($0, keys: keys)]) }
    }

    private static func answer(_ placed: [Placed], isSingle: Bool) -> Response {
        let isReplay = placed.allSatisfy(\.replayed)
        var writer = JSONWriter()
        if isSingle {
            for place in placed { writer.place(place) }
        } else {
            writer.array { writer in
                for place in placed { writer.place(place) }
            }
        }
        var response = writer.response(status: isReplay ? .ok : .created)
        if isReplay { response.headers[.idempotentReplayed] = "true" }
        return response
    }
}

extension JSONWriter {
    fileprivate mutating func place(_ placed: Placed) {
        object { writer in
            writer.member("seq", placed.seq)
            writer.member("leaf_hash", placed.leafHash)
            writer.member("recorded_at", placed.recordedAt)
            writer.member("replayed", placed.replayed)
        }
    }
}
