/// A part of an address list that names no mailbox, and why.
package struct UnusableAddress: Hashable, Sendable {
    /// Why it is unusable: a closed list, for evidence.
    package enum Reason: String, Error, Hashable, Sendable, CaseIterable {
        case unterminatedComment = "unterminated_comment"
        case unterminatedQuotedString = "unterminated_quoted_string"
        case unterminatedDomainLiteral = "unterminated_domain_literal"
        /// Words, and no address.
        case noAtSign = "no_at_sign"
        /// Angle brackets with nothing in them: a null path is no author (RFC 5321 §4.5.5 knows it for envelopes only).
        case emptyAddress = "empty_address"
        /// What stands before the at-sign is not words with dots between.
        case localPartSyntax = "local_part_syntax"
        /// What stands behind the at-sign is no host name.
        case domainSyntax = "domain_syntax"
        /// A label or the name is longer than RFC 1035 §2.3.4 allows.
        case domainTooLong = "domain_too_long"
        case routeSyntax = "route_syntax"
        case unclosedAngleBracket = "unclosed_angle_bracket"
        /// Something stands behind a whole address, such as the bracket of `user@example.net>`.
        case trailingText = "trailing_text"
        /// A byte that can stand at no such place.
        case unexpectedByte = "unexpected_byte"
        case nestedGroup = "nested_group"
        case groupWithoutName = "group_without_name"
        /// A control within a local part or a domain.
        case controlByte = "control_byte"
        /// A local part or a domain that is not UTF-8.
        case notUTF8 = "not_utf8"
    }

    package let reason: Reason
    /// The part as it stands in the field, without the white space around it.
    package let raw: [UInt8]
}
