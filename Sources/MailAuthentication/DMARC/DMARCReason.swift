/// Why a DMARC result is what it is. The list is closed.
package enum DMARCReason: String, Sendable, Hashable, CaseIterable {
    /// pass: an identifier that passed is aligned with the Author Domain.
    case aligned
    /// fail: identifiers passed, and none of them is aligned.
    case notAligned = "not_aligned"
    /// fail: no identifier passed.
    case notAuthenticated = "not_authenticated"
    /// none: no DMARC record applies to the Author Domain.
    case noRecord = "no_record"
    /// none: the record that would apply has no valid policy and no address for reports (RFC 9989 §4.10.1).
    case recordNotApplicable = "record_not_applicable"
    /// permerror: no From field, or none with a domain that can be used.
    case noAuthorDomain = "no_author_domain"
    /// permerror: the message has authors of several domains.
    case multipleAuthorDomains = "multiple_author_domains"
    /// temperror: an SPF check that might have passed aligned ended in a temporary error.
    case spfTemporaryError = "spf_temperror"
    /// temperror: a DKIM signature that might have passed aligned ended in a temporary error.
    case dkimTemporaryError = "dkim_temperror"
    case dnsTimeout = "dns_timeout"
    case dnsServerFailure = "dns_servfail"
    case dnsRefused = "dns_refused"
    case dnsNetworkError = "dns_network_error"
    case dnsBogus = "dns_bogus"

    /// The reason for a question that was not answered; nil when it was.
    init?(_ outcome: Answer.Outcome) {
        switch outcome {
        case .answer, .nodata, .nxdomain: return nil
        case .timeout: self = .dnsTimeout
        case .servfail: self = .dnsServerFailure
        case .refused: self = .dnsRefused
        case .networkError: self = .dnsNetworkError
        case .bogus: self = .dnsBogus
        }
    }
}
