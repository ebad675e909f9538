import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Observation

extension Application where Responder == RouterResponder<CallContext> {
    /// An HTTP/1.1 server in front of `router`, with bounds on its connections and on how long a request may take to
    /// come in.
    ///
    /// - Parameter onListening: gets the address that is really listened on, such as `http://127.0.0.1:8080`.
    init(
        _ router: Router<CallContext>, configuration: ServerConfiguration, observer: any Observer, logger: Logger,
        onListening: @escaping @Sendable (String) async -> Void
    ) {
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ReceiveDeadlineHandler(timeout: TimeAmount(configuration.receiveTimeout))],
            idleTimeout: TimeAmount(configuration.idleTimeout))
        var settings = ApplicationConfiguration(
            address: .hostname(configuration.host, port: configuration.port), serverName: nil, backlog: 1_024)
        settings.availableConnectionsDelegate = MaximumAvailableConnections(configuration.connectionsMax)
        let host = configuration.host
        self.init(
            router: router,
            server: HTTPServerBuilder { responder in
                LoopBoundChannel(base: HTTP1Channel(responder: responder, configuration: channel))
            }, configuration: settings,
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                let address = "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
                observer.observe(.serverListening(address: address))
                await onListening(address)
            }, logger: logger)
    }
}
