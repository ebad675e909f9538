/// HTTP to others: bounded in time, in bytes and in the number of calls at once.
///
/// Nothing is shared between two calls: no connection, no cookie, no password. A redirect is returned, not followed.
/// Proxies that the environment names are not used. No call is repeated.
package final class HTTPClient: Sendable {
    private let queues: BlockingQueues
    private let trustedCertificatesFile: String?

    /// At most `callsMax` calls are under way at once, each on a thread of its own; what comes on top waits its turn.
    ///
    /// `trustedCertificatesFile` is a file of PEM with the only certificates to be trusted; nil means the system's.
    package init(callsMax: Int, trustedCertificatesFile: String? = nil) {
        queues = BlockingQueues(label: "outbound", count: callsMax)
        self.trustedCertificatesFile = trustedCertificatesFile
    }

    /// Sends `call` and returns the whole answer, whatever its status.
    ///
    /// If the task is cancelled this ends at once; the connection is closed within about a second.
    package func answer(to call: HTTPCall, within limits: HTTPLimits) async throws(OutboundError) -> HTTPAnswer {
        if let fault = call.fault { throw fault }
        let pending = PendingCall()
        let (queues, trusted) = (queues, trustedCertificatesFile)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard pending.attach(continuation) else { return }
                queues.submit {
                    guard !pending.isOver else { return }
                    pending.finish(
                        Transfer.outcome(of: call, within: limits, trusting: trusted, while: { !pending.isOver }))
                }
            }
        } onCancel: {
            pending.finish(.failure(.cancelled))
        }
        return try outcome.get()
    }
}
