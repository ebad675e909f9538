/// Why a report is not read: a closed list, whose raw values are the codes that are kept with it.
package enum ReportRejection: String, Error, Sendable, Hashable, CaseIterable {
    // The document.

    /// The document is larger than ``XMLReader/Limits/sizeMax``.
    case documentTooLarge = "document_too_large"
    /// There is no element at all.
    case notXML = "not_xml"
    /// The encoding is none of those that the reader knows.
    case unsupportedEncoding = "unsupported_encoding"
    /// A document type declaration, without which no entity can be declared.
    case documentType = "document_type"
    /// A reference to an entity other than the five of XML.
    case unknownEntity = "unknown_entity"
    /// A character reference to something that is no character of XML.
    case invalidReference = "invalid_reference"
    /// A tag is written wrongly.
    case malformedTag = "malformed_tag"
    /// An end tag closes another element than the one that is open.
    case mismatchedTag = "mismatched_tag"
    /// The document ends inside an element.
    case truncated
    case tooDeep = "too_deep"
    case tooManyElements = "too_many_elements"
    case tooManyAttributes = "too_many_attributes"
    /// A name is longer than ``XMLReader/nameSizeMax``.
    case longName = "long_name"

    // The report.

    /// The root element is not `feedback`.
    case notAReport = "not_a_report"
    case reportIDMissing = "report_id_missing"
    /// `begin` and `end` are absent, no numbers, out of order, or more than a year apart.
    case invalidPeriod = "invalid_period"
    /// `policy_published` has no domain, or one that is no domain name.
    case invalidPolicyDomain = "invalid_policy_domain"
    /// A row has no count, or one outside 0 to ``AggregateReport/rowMessagesMax``; or all together are above 2^53 - 1.
    /// A sum without the row would be wrong.
    case invalidCount = "invalid_count"
    case tooManyRows = "too_many_rows"
}
