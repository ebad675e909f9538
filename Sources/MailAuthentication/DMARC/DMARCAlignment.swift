/// How a mechanism's identifier stands to the Author Domain (RFC 9989 §4.10.2).
package enum DMARCAlignment: String, Sendable, Hashable, CaseIterable {
    /// No identifier that passed is aligned.
    case none
    /// The domains are the same.
    case strict
    /// The Organizational Domains are the same.
    case relaxed
}
