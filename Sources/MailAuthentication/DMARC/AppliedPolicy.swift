/// The record that applies to an Author Domain, and what it asks for.
package struct AppliedPolicy: Hashable, Sendable {
    /// The domain of the record, which stands at `_dmarc.<domain>`.
    package let domain: DomainName
    package let record: DMARCRecord
    /// Which of the policies is meant for this Author Domain. An absent one stands for its fallback.
    package let tag: DMARCRecord.PolicyTag
    /// What the record asks for.
    package let declared: DMARCPolicy
    /// The same after `t`: RFC 8601's `policy.dmarc`.
    package let applied: DMARCPolicy
}
