import NIOCore
import NIOHTTPTypes

/// Closes a connection whose request takes too long to come in, however steadily it drips.
///
/// Quiet connections are Hummingbird's business; a body that never ends is not quiet.
final class ReceiveDeadlineHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let timeout: TimeAmount
    private var startedAt: NIODeadline?
    /// One timer for each connection, not for each request: it looks again when it fires.
    private var timer: Scheduled<Void>?

    init(timeout: TimeAmount) {
        self.timeout = timeout
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            startedAt = .now()
            if timer == nil { schedule(context, at: .now() + timeout) }
        case .body: break
        case .end: startedAt = nil
        }
        context.fireChannelRead(data)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    private func schedule(_ context: ChannelHandlerContext, at deadline: NIODeadline) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: deadline) { bound.value.handler.look(bound.value.context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        timer = nil
        guard let startedAt else { return }
        if startedAt + timeout <= .now() {
            context.close(promise: nil)
        } else {
            schedule(context, at: startedAt + timeout)
        }
    }
}
