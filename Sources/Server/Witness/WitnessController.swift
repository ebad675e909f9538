import Cryptography
import Hummingbird
import Ledger
import NIOPosix
import Observation
import Witness

/// What logs, monitors and probes ask a witness. Nobody needs a token: a log's signature is its right.
struct WitnessController: Sendable {
    let cosigner: Cosigner
    /// Files and locks are waited for there, not where connections are served.
    let threads: NIOThreadPool
    let metrics: @Sendable () -> String

    func router(observer: any Observer) -> Router<CallContext> {
        let router = Router(context: CallContext.self)
        router.add(middleware: PlainAnswerMiddleware(observer: observer))
        router.post("/add-checkpoint", use: addCheckpoint)
        router.get("/{id}/checkpoint", use: checkpoint)
        router.get("/health") { _, _ in JSONWriter.answer { $0.member("status", "ok") } }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics())))
        }
        return router
    }

    @Sendable private func addCheckpoint(_ request: Request, _ context: CallContext) async throws -> Response {
        let body = try await request.wholeBody(context, sizeMax: AddCheckpointRequest.sizeMax)
        let answer = try await threads.runIfActive { [cosigner] in try cosigner.answer(body) }
        var response = Response(
            status: HTTPResponse.Status(code: answer.status),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
        response.headers[.contentType] = answer.contentType
        return response
    }

    @Sendable private func checkpoint(_ request: Request, _ context: CallContext) async throws -> Response {
        let text = try context.path("id")
        // In lower case only: each checkpoint has one address.
        guard let id = Digest(hex: text), id.hex == text,
            let note = try await threads.runIfActive({ [cosigner] in try cosigner.checkpoint(of: id) })
        else { throw HTTPError(.notFound) }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: note)))
    }
}
