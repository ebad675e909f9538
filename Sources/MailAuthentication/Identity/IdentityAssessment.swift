/// What a check of an identity comes to: the outcomes of a `verification` entry about one.
package enum IdentityAssessment: String, Sendable, Hashable, CaseIterable {
    /// Others' mail under this name is refused or set aside, and at least one aligned mechanism is ready for ours.
    case protected
    /// There is a record, and it asks for nothing yet: policy none, or a test (`t=y`).
    case monitoring
    /// No record applies.
    case unprotected
    /// A record is broken, or ours would be refused by our own policy.
    case misconfigured
    /// A question that matters was not answered.
    case indeterminate
}
