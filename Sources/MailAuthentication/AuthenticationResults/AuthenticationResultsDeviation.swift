/// What is wrong with a field by the grammar of RFC 8601 §2.2 and is read all the same, for it is seen in the field.
package enum AuthenticationResultsDeviation: String, Hashable, Sendable, CaseIterable {
    /// The field starts with a result, as Office 365 writes it.
    case missingAuthservID = "missing_authserv_id"
    /// There is neither a result nor `none`.
    case noResults = "no_results"
    /// A semicolon with nothing before or behind it.
    case emptyResult = "empty_result"
    /// A value that needs quotes, such as one with a solidus.
    case unquotedValue = "unquoted_value"
    /// An equals sign with nothing behind it.
    case emptyValue = "empty_value"
    /// A property such as `action=none`, which was left out.
    case propertyWithoutType = "property_without_type"
    /// `reason=` behind a property, or for the second time (the first one counts).
    case misplacedReason = "misplaced_reason"
    /// A method, result or property with signs that no keyword has, or with a hyphen at its end.
    case keyword
    /// Two parts of a result with no white space between.
    case missingSpace = "missing_space"
}
