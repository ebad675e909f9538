import Checkpoints
import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore

/// `GET /v1/entries/{seq}/receipt`.
struct ReceiptsController: Sendable {
    let receipts: Receipts

    var routes: [Route] { [Route(.get, "/v1/entries/{seq}/receipt", .read, receipt)] }

    private func receipt(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let seq = try context.number("seq")
        try QueryReader(request).requireNothingElse()
        guard let receipt = try await receipts.receipt(of: caller.ledger, seq: seq) else {
            throw StoreError(.notFound, "the ledger has no entry with this seq")
        }
        let headers: HTTPFields = [
            .contentType: "text/plain; charset=utf-8", .assurance: receipt.assurance.rawValue,
            .contentDisposition: "attachment; filename=\"\(seq).tlog-proof\"",
        ]
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: receipt.proof.bytes)))
    }
}
