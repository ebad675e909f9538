/// Why an authority's answer holds no token for our request.
package enum TimestampRefusal: Hashable, Sendable {
    /// The answer has more bytes than `limit`.
    case tooLarge(limit: Int)
    /// It is no TimeStampResp in DER, or it says granted and holds no token that can be read.
    case malformed
    /// The authority said no (RFC 3161 §2.4.2): its status, the names of its failure bits, and its words, cut to
    /// `TimestampResponse.textLengthMax` characters and without control characters.
    case notGranted(status: Int, failures: [String], text: String)
    /// The token is over a digest of another algorithm than SHA-256.
    case otherAlgorithm
    /// The token is over another digest than the one that was sent.
    case otherImprint
    /// The nonce is missing or is not the one that was sent: an answer to another question, perhaps an old one.
    case otherNonce
}

extension TimestampRefusal: CustomStringConvertible {
    /// A sentence for people.
    package var description: String {
        switch self {
        case .tooLarge(let limit): return "the authority's answer is larger than \(limit) bytes"
        case .malformed: return "the authority's answer is no timestamp response (RFC 3161)"
        case .notGranted(let status, let failures, let text):
            let words = failures + (text.isEmpty ? [] : [text])
            let said = words.isEmpty ? "" : ": " + words.joined(separator: ", ")
            return "the authority did not grant a timestamp (status \(status))" + said
        case .otherAlgorithm: return "the authority stamped a digest that is not of SHA-256"
        case .otherImprint: return "the authority stamped another digest than the one it was sent"
        case .otherNonce: return "the authority's answer does not carry the nonce of the request"
        }
    }
}
