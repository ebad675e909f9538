/// What an entry records. Closed at ingest and open at verification: a kind that is not listed here is "not
/// understood", never "broken".
package enum Kind: String, CaseIterable, Sendable {
    /// An outbound message changed state.
    case send
    /// A person, agent or rule decided about a held action.
    case decision
    /// One attempt of a workflow step was seen.
    case stepAttempt = "step_attempt"
    /// A workflow run ended.
    case runOutcome = "run_outcome"
    /// A message arrived.
    case inbound
    /// A message or an identity was checked.
    case verification
    /// A DMARC aggregate report came in.
    case report
    /// Opt-out (a complaint is one), opt-in, consent.
    case preference
    /// Something was watched around sending: opt-out probe, outage, review of a vendor, incident.
    case monitor
    /// A ledger, mailbox, oversight mode, allowlist, domain or key changed.
    case policy
    /// A token, export, erasure or legal hold.
    case access

    /// The outcomes that an entry of this kind may have.
    package var outcomes: [String] {
        switch self {
        case .send:
            [
                "requested", "held", "scheduled", "sent", "delivered", "bounced", "complained", "failed", "rejected",
                "cancelled", "refused", "suppressed", "expired", "unknown",
            ]
        case .decision: ["approved", "rejected", "edited", "expired", "refused"]
        case .stepAttempt:
            ["started", "called", "succeeded", "failed", "waiting", "timed_out", "cancelled", "skipped", "unknown"]
        case .runOutcome: ["succeeded", "failed", "cancelled"]
        case .inbound: ["received", "held", "released", "rejected", "quarantined", "cancelled"]
        case .verification:
            [
                "aligned", "unaligned", "unauthenticated", "not_applicable", "indeterminate", "protected", "monitoring",
                "unprotected", "misconfigured",
            ]
        case .report: ["accepted", "recovered", "rejected"]
        case .preference: ["opted_out", "opted_in"]
        case .monitor: ["ok", "failed", "reviewed", "opened", "closed"]
        case .policy: ["changed", "refused"]
        case .access: ["granted", "revoked", "exported", "erased", "held", "released", "refused"]
        }
    }

    /// Kinds that only the service itself writes; a producer that claims one is refused.
    package var isReservedForTheService: Bool { self == .policy || self == .access }
}
