import Checkpoints
import Cryptography
import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore

/// `GET /v1/entries/{seq}/receipt`, `/v1/checkpoints` and what lies below.
struct CheckpointsController: Sendable {
    let store: LedgerStore
    let receipts: Receipts

    private static let limitDefault = 100

    var routes: [Route] {
        [
            Route(.get, "/v1/entries/{seq}/receipt", .read, receipt), Route(.get, "/v1/checkpoints", .read, list),
            Route(.get, "/v1/checkpoints/{size}", .read, one),
            Route(.get, "/v1/checkpoints/{size}/timestamp", .read, timestamp),
        ]
    }

    private func receipt(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let seq = try context.number("seq", max: JSONValue.integerMax)
        try QueryReader(request).requireNothingElse()
        guard let receipt = try await receipts.receipt(of: caller.ledger, seq: seq) else {
            throw StoreError(.notFound, "the ledger has no entry with this seq")
        }
        var response = Self.file(receipt.proof.bytes, "\(seq).tlog-proof", Self.text)
        response.headers[.assurance] = receipt.assurance.rawValue
        return response
    }

    private func list(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let limit = try query.number("limit", in: 1...LedgerStore.pageMax) ?? Self.limitDefault
        let below = try query.number("below", in: 1...JSONValue.integerMax)
        try query.requireNothingElse()
        let ledger = caller.ledger
        let keys = try await store.signingKeys(of: ledger)
        let page = try await store.checkpoints(of: ledger, below: below, limit: limit)
        return JSONWriter.answer { writer in
            writer.member("ledger", ledger.origin.text)
            writer.name("keys")
            writer.array { writer in
                for key in keys { writer.value(key.vkey) }
            }
            writer.name("checkpoints")
            writer.array { writer in
                for published in page { writer.checkpoint(published) }
            }
        }
    }

    private func one(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let size = try context.number("size", max: JSONValue.integerMax)
        try QueryReader(request).requireNothingElse()
        guard let published = try await store.checkpoint(of: caller.ledger, size: size) else {
            throw StoreError(.notFound, "there is no checkpoint of this size, or it was not kept")
        }
        return Self.file(published.note.bytes, "\(size).checkpoint", Self.text)
    }

    private func timestamp(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let size = try context.number("size", max: JSONValue.integerMax)
        try QueryReader(request).requireNothingElse()
        guard let token = try await store.timestamp(of: caller.ledger, size: size) else {
            throw StoreError(.notFound, "the checkpoint of this size has no timestamp")
        }
        return Self.file(token, "\(size).tst", "application/octet-stream")
    }

    private static let text = "text/plain; charset=utf-8"

    private static func file(_ bytes: [UInt8], _ name: String, _ type: String) -> Response {
        let headers: HTTPFields = [
            .contentType: type, .contentDisposition: "attachment; filename=\"\(name)\"",
        ]
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension JSONWriter {
    fileprivate mutating func checkpoint(_ published: PublishedCheckpoint) {
        object { writer in
            writer.member("size", published.size)
            writer.member("root", published.checkpoint.root)
            writer.member("signed_at", published.signedAt)
            writer.member("assurance", Assurance(of: published).rawValue)
            writer.member("note", String(decoding: published.note.bytes, as: UTF8.self))
        }
    }
}
