/// Why an `Authentication-Results` field says nothing: a closed list, for evidence.
package enum AuthenticationResultsRefusal: String, Error, Hashable, Sendable, CaseIterable {
    /// Longer than ``AuthenticationResults/sizeMax``.
    case tooLong = "too_long"
    /// More results than ``AuthenticationResults/resultsMax``, or properties than
    /// ``AuthenticationResults/propertiesMax``.
    case tooManyResults = "too_many_results"
    case unterminatedComment = "unterminated_comment"
    case unterminatedQuotedString = "unterminated_quoted_string"
    /// There is nothing in the field.
    case empty
    /// Neither the grammar nor its tolerant forms fit.
    case syntax
    /// A version other than 1, of which nothing is known (RFC 8601 §2.2).
    case unsupportedVersion = "unsupported_version"
    /// A control within a value.
    case controlByte = "control_byte"
    /// A value that is not UTF-8.
    case notUTF8 = "not_utf8"
}
