/// What the verification of a token found (RFC 3161 §2.2 and §2.3; RFC 5280 §6 for the certificates).
package enum TimestampVerdict: Hashable, Sendable {
    /// An authority that is trusted has said this; `authority` is the subject of its certificate (RFC 4514).
    case verified(TimestampStatement, authority: String)
    /// No TimeStampToken, or one of a form that is not taken; `reason` is for people.
    case malformed(reason: String)
    /// The token is over another digest.
    case otherImprint
    /// No trusted certificate vouches for the signer, at the time that the token names and for this purpose; `reason`
    /// is for people.
    case untrusted(reason: String)
    /// The signature does not fit the content.
    case badSignature
}

extension TimestampVerdict: CustomStringConvertible {
    /// A sentence for people.
    package var description: String {
        switch self {
        case .verified(_, let authority): "the timestamp by \(authority) holds"
        case .malformed(let reason): "this is no timestamp token: \(reason)"
        case .otherImprint: "the timestamp is over another digest"
        case .untrusted(let reason): "the timestamp's signer is not trusted: \(reason)"
        case .badSignature: "the timestamp's signature does not fit its content"
        }
    }
}
