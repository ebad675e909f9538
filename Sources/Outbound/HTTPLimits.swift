/// How long a call may last, and how much of an answer is taken.
package struct HTTPLimits: Sendable {
    /// Until the connection stands, names and TLS included.
    package var connectTimeout: Duration
    /// Until the last byte of the answer. It runs from the moment when the call has its thread: see ``HTTPClient``.
    package var timeout: Duration
    /// The most bytes of a body; its headers may have `HTTPLimits.headersSizeMax`.
    package var answerSizeMax: Int

    /// The most bytes of all headers together.
    package static let headersSizeMax = 65_536

    package init(connectTimeout: Duration, timeout: Duration, answerSizeMax: Int) {
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.answerSizeMax = answerSizeMax
    }
}
