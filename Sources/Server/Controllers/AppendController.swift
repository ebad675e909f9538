import Checkpoints
import Cryptography
import Hummingbird
import Ledger
import LedgerStore

/// `POST /v1/entries`.
struct AppendController: Sendable {
    let store: LedgerStore
    let receipts: Receipts
    let timeout: Duration

    /// What a caller may ask for beside the places.
    private enum WantedReceipt: String, CaseIterable {
        case signed
    }

    var routes: [Route] { [Route(.post, "/v1/entries", .ingest, append)] }

    private func append(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let wanted = try query.choice("receipt", of: WantedReceipt.self)
        try query.requireNothingElse()
        let type = try MediaType(of: request, allowed: [.json, .lines])
        let body = try await request.wholeBody(context)
        let (units, isSingle) = try await LoopBoundChannel.read(body) { body in
            try Self.units(body, type, request, caller)
        }
        if wanted != nil, let count = units.first?.items.count, count > Receipts.countMax {
            throw Refusal(
                .tooMany, "with receipts a request has at most \(Receipts.countMax) entries", limit: Receipts.countMax)
        }
        let placed = try await store.append(units, to: caller.ledger, deadline: .now + timeout)[0].get()
        guard wanted != nil else { return Self.answer(placed, nil, isSingle: isSingle) }
        return Self.answer(placed, await signed(placed, caller), isSingle: isSingle)
    }

    /// The receipts; none where they cannot be had now. The entries are there all the same, and the answer says how
    /// much stands behind them.
    private func signed(_ placed: [Placed], _ caller: Caller) async -> [Receipt] {
        (try? await receipts.receipts(of: caller.ledger, placed)) ?? []
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
        let attempt = StepAttempt(callBy: workflow, call: batch.callTag(caller), messages: messages)
        let about = content + messages.flatMap { [0] + Array($0.text.utf8) }
        let draft = try? Draft(
            attempt.event, origin: caller.ledger.origin, reporter: Reporter(id: caller.grant.id, via: .ingest),
            idempotencyTag: keys.idempotencyTag(ofAttempt: attempt.identity, content: about),
            attempt: attempt.identity, random: Random.bytes)
        return draft.map { AppendUnit([.init($0, keys: keys)]) }
    }

    private static func answer(_ placed: [Placed], _ receipts: [Receipt]?, isSingle: Bool) -> Response {
        let isReplay = placed.allSatisfy(\.replayed)
        var writer = JSONWriter()
        let place = { (writer: inout JSONWriter, index: Int) in
            writer.place(placed[index], receipts.map { $0.indices.contains(index) ? $0[index] : nil })
        }
        if isSingle {
            for index in placed.indices { place(&writer, index) }
        } else {
            writer.array { writer in
                for index in placed.indices { place(&writer, index) }
            }
        }
        var response = writer.response(status: isReplay ? .ok : .created)
        if isReplay { response.headers[.idempotentReplayed] = "true" }
        return response
    }
}

extension JSONWriter {
    /// - Parameter receipt: nil where none was asked for; within, nil where none could be had.
    fileprivate mutating func place(_ placed: Placed, _ receipt: Receipt??) {
        object { writer in
            writer.member("seq", placed.seq)
            writer.member("leaf_hash", placed.leafHash)
            writer.member("recorded_at", placed.recordedAt)
            writer.member("replayed", placed.replayed)
            guard let receipt else { return }
            writer.member("assurance", (receipt?.assurance ?? .durable).rawValue)
            if let receipt { writer.member("receipt", String(decoding: receipt.proof.bytes, as: UTF8.self)) }
        }
    }
}
