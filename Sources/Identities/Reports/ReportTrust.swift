/// Why the messages of a report count in sums, or that they do not. The raw value stands in the entry.
package enum ReportTrust: String, Sendable, CaseIterable {
    /// The mail that carried it passed DMARC, and for the organisation that the report's own address names.
    case carrier
    /// The mail that carried it passed DMARC for a domain on the operator's list.
    case listed
    /// An operator imported it at the machine.
    case `operator`
    /// A token with the scope `admin` brought it.
    case admin
    /// A token brought it that was granted with `trusts_reports`.
    case token
    /// Anybody may have written it. It is kept and shown, and counts nowhere.
    case unverified

    /// 0 where the receiver itself is heard, 1 where somebody who is trusted brought the report, 2 for nobody's word.
    /// Among the versions of one report the lowest counts (``ReportVersions``).
    var rank: Int {
        switch self {
        case .carrier, .listed: 0
        case .operator, .admin, .token: 1
        case .unverified: 2
        }
    }
}
