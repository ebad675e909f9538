/// What was mended, or passed over, so that a report could be read: a closed list, whose raw values are the codes that
/// are kept with the report.
package enum ReportRepair: String, Sendable, Hashable, CaseIterable {
    // The document.

    /// Something stood before the XML declaration or the root element.
    case junkBefore = "junk_before"
    /// Text stood between the XML declaration and the root element.
    case textAfterDeclaration = "text_after_declaration"
    /// Something other than comments followed the root element.
    case junkAfter = "junk_after"
    /// Tags of an `xs:schema` element were passed over, wherever they stood.
    case straySchema = "stray_schema"
    /// Bytes that are no text in the document's encoding, or characters that XML forbids, became U+FFFD.
    case invalidCharacters = "invalid_characters"
    /// The XML declaration names an encoding that the bytes contradict.
    case encodingMismatch = "encoding_mismatch"
    /// An ampersand that begins no reference was taken for itself.
    case bareAmpersand = "bare_ampersand"

    // The report.

    /// The root is in another namespace than those of RFC 7489 and RFC 9990.
    case unknownNamespace = "unknown_namespace"
    /// Elements that only RFC 9990 has, without its namespace.
    case namespaceMissing = "namespace_missing"
    /// `version` is not 1.0.
    case unknownVersion = "unknown_version"
    case orgNameMissing = "org_name_missing"
    case emailMissing = "email_missing"
    /// The report covers more than a day and an hour. Reports are daily; the hour is for summer time.
    case longPeriod = "long_period"
    /// `p` is absent, empty or no policy.
    case policyMissing = "policy_missing"
    /// A word that is not in the element's list was passed over.
    case unknownWord = "unknown_word"
    /// An element that may occur once occurred again; the first was taken.
    case repeatedElement = "repeated_element"
    /// Elements that no RFC has were passed over.
    case unknownElement = "unknown_element"
    /// A text was longer than ``AggregateReport/Limits/textSizeMax`` and was cut.
    case longText = "long_text"
    /// A `source_ip` is no address; the row keeps its text.
    case invalidSourceAddress = "invalid_source_ip"
    /// A row says nothing of `disposition`, `dkim` or `spf`.
    case evaluationMissing = "policy_evaluated_missing"
    /// A `reason` without a type was passed over.
    case emptyReason = "empty_reason"
    /// A row without `header_from`.
    case headerFromMissing = "header_from_missing"
    /// A result of `dkim` or `spf` names no domain.
    case authDomainMissing = "auth_domain_missing"
    /// A result of `dkim` or `spf` does not say how it ended.
    case authResultMissing = "auth_result_missing"
    /// A result of `dkim` names no selector, which RFC 9990 demands (RFC 7489 does not).
    case selectorMissing = "selector_missing"
    /// A row had more results than ``AggregateReport/Limits/authResultCountMax``; the rest was passed over.
    case tooManyAuthResults = "too_many_auth_results"

    // The mail that carried it.

    /// The part's media type is none that reports have; its name is that of a report.
    case wrongMediaType = "wrong_media_type"
    /// The part has no file name, or one that does not follow RFC 9990.
    case irregularFileName = "irregular_file_name"
    /// The transfer encoding has characters that do not belong to it, or ends too early.
    case brokenTransferEncoding = "broken_transfer_encoding"
}

/// The repairs of one report: each once, in the order in which they were needed.
struct RepairList: Sendable {
    private(set) var repairs: [ReportRepair] = []

    mutating func note(_ repair: ReportRepair) {
        if !repairs.contains(repair) { repairs.append(repair) }
    }
}
