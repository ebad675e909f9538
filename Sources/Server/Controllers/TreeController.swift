import Hummingbird
import Ledger
import LedgerStore

/// `GET /v1/tree`, `/v1/entries/{seq}/proof` and `/v1/consistency`.
struct TreeController: Sendable {
    let store: LedgerStore

    private static let sizes = 1...JSONValue.integerMax

    var routes: [Route] {
        [
            Route(.get, "/v1/tree", .read, tree), Route(.get, "/v1/entries/{seq}/proof", .read, inclusion),
            Route(.get, "/v1/consistency", .read, consistency),
        ]
    }

    private func tree(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        let head = try await store.head(of: caller.ledger)
        return JSONWriter.answer { writer in
            writer.member("ledger", caller.ledger.origin.text)
            writer.member("size", head.size)
            writer.member("root", head.root)
        }
    }

    private func inclusion(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let seq = try context.number("seq", max: JSONValue.integerMax)
        var query = try QueryReader(request)
        let wanted = try query.number("size", in: Self.sizes)
        try query.requireNothingElse()
        let ledger = caller.ledger
        let head = try await store.head(of: ledger)
        let size = wanted ?? head.size
        guard seq < size, let root = try await store.root(of: ledger, size: size, head: head),
            let entry = try await store.entry(of: ledger, seq: seq, disclosures: false),
            let proof = try await store.inclusionProof(of: ledger, seq: seq, size: size)
        else { throw StoreError(.notFound, "the ledger has no tree of this size with this entry") }
        return JSONWriter.answer { writer in
            writer.member("seq", seq)
            writer.member("size", size)
            writer.member("leaf_hash", entry.leafHash)
            writer.member("root", root)
            writer.member("proof", proof.hashes)
        }
    }

    private func consistency(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        guard let from = try query.number("from", in: Self.sizes) else {
            throw Refusal(.invalidParameter, "the parameter 'from' is required")
        }
        let wanted = try query.number("to", in: Self.sizes)
        try query.requireNothingElse()
        let ledger = caller.ledger
        let head = try await store.head(of: ledger)
        let to = wanted ?? head.size
        guard from <= to || wanted == nil else {
            throw Refusal(.invalidParameter, "the parameter 'from' is larger than 'to'")
        }
        guard from <= to, let toRoot = try await store.root(of: ledger, size: to, head: head),
            let fromRoot = try await store.root(of: ledger, size: from, head: head),
            let proof = try await store.consistencyProof(of: ledger, from: from, to: to)
        else { throw StoreError(.notFound, "the ledger has no tree of this size yet") }
        return JSONWriter.answer { writer in
            writer.member("from", from)
            writer.member("to", to)
            writer.member("from_root", fromRoot)
            writer.member("to_root", toRoot)
            writer.member("proof", proof.hashes)
        }
    }
}
