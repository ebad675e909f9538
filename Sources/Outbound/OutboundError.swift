/// Why a call got no answer. A status of 400 or 500 is an answer.
package enum OutboundError: Error, Hashable, Sendable {
    /// Neither `http://` nor `https://`, or not an address; nothing was sent.
    case invalidURL
    /// A header holds what would end it; nothing was sent.
    case invalidHeader
    /// The name has no address, or nobody listens there.
    case unreachable(reason: String)
    /// The connection or the answer took longer than allowed. The server may have done what was asked.
    case timedOut
    /// TLS failed, most often because nobody trusted vouches for the server; nothing was sent.
    case tls(reason: String)
    /// The answer has more bytes than `limit`, in its body or in its headers.
    case tooLarge(limit: Int)
    /// The connection broke off, or what came is no HTTP. The server may have done what was asked.
    case broken(reason: String)
    /// The caller's task was cancelled. The server may have done what was asked.
    case cancelled
    /// libcurl could not start.
    case unavailable(reason: String)
}

extension OutboundError: CustomStringConvertible {
    /// A sentence for people. It holds nothing of the call, whose address and headers may be secret.
    package var description: String {
        switch self {
        case .invalidURL: "the address is not one of http:// or https://"
        case .invalidHeader: "a header has a name or a value that cannot be sent"
        case .unreachable(let reason): "the server cannot be reached: \(reason)"
        case .timedOut: "the server did not answer in time"
        case .tls(let reason): "there is no secure connection to the server: \(reason)"
        case .tooLarge(let limit): "the server's answer is larger than \(limit) bytes"
        case .broken(let reason): "the server's answer broke off or is no HTTP: \(reason)"
        case .cancelled: "the call was cancelled"
        case .unavailable(let reason): "the call could not be made: \(reason)"
        }
    }
}
