/// What a Domain Owner asks for mail that fails DMARC (RFC 9989 §4.7 `p`, `sp`, `np`).
package enum DMARCPolicy: String, Sendable, Hashable, CaseIterable {
    case none, quarantine, reject

    /// The policy one step down, which is applied while the owner tests (RFC 9989 §4.7 `t`).
    package var lowered: DMARCPolicy {
        switch self {
        case .reject: .quarantine
        case .quarantine, .none: .none
        }
    }
}
