import HTTPTypes
import Hummingbird
import LedgerStore

/// What probes, monitoring and client generators ask for; no token is needed.
struct OperationsController: Sendable {
    let store: LedgerStore
    let metrics: @Sendable () -> String

    var routes: [Route] {
        [
            Route(.get, "/health", open: health), Route(.get, "/ready", open: ready),
            Route(.get, "/metrics", open: metrics),
        ]
    }

    private func health(_ request: Request, _ context: CallContext) -> Response {
        JSONWriter.answer { $0.member("status", "ok") }
    }

    private func ready(_ request: Request, _ context: CallContext) async -> Response {
        var fault: StoreError?
        do throws(StoreError) {
            try await store.requireReady(timeout: ServerConfiguration.readinessTimeout)
        } catch {
            fault = error
        }
        return JSONWriter.answer(status: fault == nil ? .ok : .serviceUnavailable) { writer in
            writer.member("status", fault == nil ? "ready" : "unready")
            writer.name("checks")
            writer.object { $0.member("database", fault?.reason ?? "ok") }
        }
    }

    private func metrics(_ request: Request, _ context: CallContext) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: metrics())))
    }
}
