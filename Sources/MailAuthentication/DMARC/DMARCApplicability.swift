/// Whether DMARC applies to an Author Domain.
package enum DMARCApplicability: Hashable, Sendable {
    case applies(AppliedPolicy)
    /// It does not: `no_record` or `record_not_applicable`.
    case none(DMARCReason)
    /// There is no saying, for a question was not answered.
    case temporaryError(DMARCReason)

    /// The policy, where one applies.
    package var policy: AppliedPolicy? {
        guard case .applies(let policy) = self else { return nil }
        return policy
    }
}
