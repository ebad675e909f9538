/// The elements of a report, of both forms (RFC 9990 appendix A, RFC 7489 appendix C).
enum ReportElement: String, CaseIterable {
    case feedback, version, reportMetadata = "report_metadata", policyPublished = "policy_published"
    case record, `extension`
    // report_metadata
    case orgName = "org_name", email, extraContactInfo = "extra_contact_info", reportID = "report_id"
    case dateRange = "date_range", begin, end, error, generator
    // policy_published
    case domain, p, sp, np, adkim, aspf, discoveryMethod = "discovery_method", fo, testing, pct
    // row
    case row, sourceIP = "source_ip", count, policyEvaluated = "policy_evaluated", disposition, dkim, spf
    case reason, type, comment
    // identifiers
    case identifiers, headerFrom = "header_from", envelopeFrom = "envelope_from", envelopeTo = "envelope_to"
    // auth_results
    case authResults = "auth_results", selector, result, humanResult = "human_result", scope

    private static let byName: [ArraySlice<UInt8>: ReportElement] = Dictionary(
        uniqueKeysWithValues: allCases.map { (Array($0.rawValue.utf8)[...], $0) })
    private static let nameSizeMax = allCases.map(\.rawValue.utf8.count).max() ?? 0

    /// The element of that local name; nil if no RFC has it.
    init?(_ name: ArraySlice<UInt8>) {
        guard name.count <= Self.nameSizeMax, let element = Self.byName[name] else { return nil }
        self = element
    }
}
