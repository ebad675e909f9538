/// The elements of a report, of both forms (RFC 9990 appendix A, RFC 7489 appendix C).
enum ReportElement: UInt8, CaseIterable {
    case feedback, version, reportMetadata, policyPublished, record, `extension`
    // report_metadata
    case orgName, email, extraContactInfo, reportID, dateRange, begin, end, error, generator
    // policy_published
    case domain, p, sp, np, adkim, aspf, discoveryMethod, fo, testing, pct
    // row
    case row, sourceIP, count, policyEvaluated, disposition, dkim, spf, reason, type, comment
    // identifiers
    case identifiers, headerFrom, envelopeFrom, envelopeTo
    // auth_results
    case authResults, selector, result, humanResult, scope

    /// In the order of the cases.
    private static let names = [
        "feedback", "version", "report_metadata", "policy_published", "record", "extension", "org_name", "email",
        "extra_contact_info", "report_id", "date_range", "begin", "end", "error", "generator", "domain", "p", "sp",
        "np", "adkim", "aspf", "discovery_method", "fo", "testing", "pct", "row", "source_ip", "count",
        "policy_evaluated", "disposition", "dkim", "spf", "reason", "type", "comment", "identifiers", "header_from",
        "envelope_from", "envelope_to", "auth_results", "selector", "result", "human_result", "scope",
    ]
    private static let nameSizeMax = names.map(\.utf8.count).max() ?? 0
    /// The elements by the length of their names: a report has a dozen of them for each row.
    private static let bySize: [[(name: [UInt8], element: ReportElement)]] = (0...nameSizeMax).map { size in
        zip(names, allCases).filter { $0.0.utf8.count == size }.map { (Array($0.0.utf8), $0.1) }
    }

    /// The element of that local name; nil if no RFC has it.
    init?(_ name: ArraySlice<UInt8>) {
        guard name.count <= Self.nameSizeMax else { return nil }
        for (known, element) in Self.bySize[name.count] where known[...] == name {
            self = element
            return
        }
        return nil
    }
}
