/// How a look-up failed for now, in the words of a reason.
///
/// | outcome of the answer                  | reason         |
/// |----------------------------------------|----------------|
/// | `timeout`                              | `dns_timeout`  |
/// | `bogus`                                | `dns_bogus`    |
/// | `servfail`, `refused`, `network_error` | `dns_servfail` |
///
/// The last three mean the same to a sender: the domain's servers are there or should be, and gave no answer.
package enum SPFFailure: String, Sendable, Hashable, CaseIterable {
    case timeout = "dns_timeout"
    case servfail = "dns_servfail"
    case bogus = "dns_bogus"

    /// The failure that `outcome` is; nil if the name system gave an answer.
    init?(_ outcome: Answer.Outcome) {
        switch outcome {
        case .answer, .nodata, .nxdomain: return nil
        case .timeout: self = .timeout
        case .bogus: self = .bogus
        case .servfail, .refused, .networkError: self = .servfail
        }
    }
}
