/// What is written beside every result, so that a reader years later knows which rules made it.
package enum VerificationEngine {
    /// Goes up whenever the same message and the same evidence may come to another result.
    package static let version = "countersign-mail/2"
    /// The DMARC that results follow; what RFC 7489 and a list of public suffixes say is kept beside it.
    package static let specification = "rfc9989"
}
