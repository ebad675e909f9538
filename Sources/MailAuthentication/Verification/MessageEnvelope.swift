/// What is known of the transport of a message: who handed it over, and under which names (RFC 5321 §3.3, §4.1.1.1).
package struct MessageEnvelope: Hashable, Sendable {
    /// The address of the client; without it SPF cannot be checked.
    package let client: IPAddress?
    package let helo: String?
    /// The reverse-path; empty for the null path, nil where none is known.
    package let mailFrom: String?

    package init(client: IPAddress? = nil, helo: String? = nil, mailFrom: String? = nil) {
        self.client = client
        self.helo = helo
        self.mailFrom = mailFrom
    }
}
