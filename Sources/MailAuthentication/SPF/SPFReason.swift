/// Why a check of SPF came out as it did: a closed list.
///
/// Where RFC 7208 names only the result, this is the project's own word for the cause.
package enum SPFReason: Hashable, Sendable {
    /// A mechanism matched; through an include it is `include`.
    case matched(SPFMechanism.Name)
    /// Nothing matched and there is no redirect (§4.7).
    case `default`
    /// The domain has no SPF record (§4.5).
    case noRecord
    /// The domain is no host name of two labels or more (§4.3); nothing was asked.
    case invalidDomain
    /// The domain has several SPF records (§4.5).
    case multipleRecords
    /// The term (printable ASCII, cut to ``termSizeMax``) breaks the grammar (§4.6).
    case syntax(term: String)
    /// More than ten terms that ask (§4.6.4).
    case tooManyLookups
    /// More than two terms whose question came back empty (§4.6.4).
    case tooManyVoids
    /// An `mx` with more than ten names (§4.6.4).
    case tooManyExchanges
    /// The target of an include has no record (§5.2).
    case includeNone
    /// The target of a redirect has no record (§6.1).
    case redirectNone
    /// A look-up failed for now (§2.6.6).
    case dns(SPFFailure)

    /// The longest term that a reason quotes, in characters: it is attacker's text and goes to logs.
    package static let termSizeMax = 64

    /// The reason as ledger entries write it.
    package var text: String {
        switch self {
        case .matched(let name): "matched:\(name.rawValue)"
        case .default: "default"
        case .noRecord: "no_record"
        case .invalidDomain: "invalid_domain"
        case .multipleRecords: "multiple_records"
        case .syntax(let term): "syntax:\(term)"
        case .tooManyLookups: "too_many_lookups"
        case .tooManyVoids: "too_many_voids"
        case .tooManyExchanges: "too_many_mx_names"
        case .includeNone: "include_none"
        case .redirectNone: "redirect_none"
        case .dns(let failure): failure.rawValue
        }
    }
}

extension SPFReason: CustomStringConvertible {
    package var description: String { text }
}
