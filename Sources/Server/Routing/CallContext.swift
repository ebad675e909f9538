import Hummingbird
import Ledger
import NIOCore

/// What belongs to one request while it is answered.
struct CallContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The caller's connection.
    let channel: any Channel
    let arrivedAt = ContinuousClock.now

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Lets the connection end: Hummingbird closes it once the answer to the request under way is written.
    func closeAfterAnswer() { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }

    /// The percent-decoded part of the path that the route calls `name`.
    func path(_ name: String) throws(Refusal) -> String {
        guard let raw = parameters.get(name), let text = PercentEncoding.decode(raw) else {
            throw Refusal(.invalidParameter, "the path is not percent-encoded UTF-8")
        }
        return text
    }

    /// The part of the path that the route calls `name`, as a whole number of at most `max`.
    func number(_ name: String, max: Int) throws(Refusal) -> Int {
        guard let number = WholeNumber.read(try path(name), max: max) else {
            throw Refusal(.invalidParameter, "\(name) in the path is not a whole number of at most \(max)", limit: max)
        }
        return number
    }
}
