package import MailAuthentication

/// How the HTTP server listens and what it puts up with.
package struct ServerConfiguration: Sendable {
    /// The longest request body, in bytes.
    package static let bodySizeMax = 8 * 1024 * 1024
    /// The longest body that brings a DMARC report, in bytes.
    package static let reportSizeMax = 10 * 1024 * 1024
    /// How many bytes of a body that is too long are still read, so that the caller gets to see the refusal.
    static let discardedSizeMax = 8 * bodySizeMax
    /// How long the readiness probe waits for the database.
    static let readinessTimeout = Duration.seconds(3)

    /// A host name or an IP address.
    package var host: String
    /// 0 picks a free port.
    package var port: Int
    /// How long a call waits for its append to be durable.
    package var requestTimeout = Duration.seconds(10)
    /// Domains whose authenticated mail may carry DMARC reports of others.
    package var reportSenders: [DomainName] = []
    /// How long a request may take to come in completely.
    package var receiveTimeout = Duration.seconds(60)
    /// How long a connection may be quiet between requests.
    package var idleTimeout = Duration.seconds(75)
    /// How long a caller may leave a piece of an answer unread.
    package var sendTimeout = Duration.seconds(60)
    /// Connections served at the same time; further ones wait to be accepted.
    package var connectionsMax = 2_048

    package init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }
}
