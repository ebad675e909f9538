/// What a large mailbox provider demands of senders in bulk, as far as the name system shows it.
///
/// All three ask the same today: SPF and DKIM, a DMARC record with at least p=none, and one of the two aligned.
///
/// | provider                            | since         | source                             |
/// |-------------------------------------|---------------|------------------------------------|
/// | Gmail, from about 5,000 a day       | February 2024 | support.google.com, answer 14229414 |
/// | Yahoo, without a published number   | February 2024 | senders.yahooinc.com               |
/// | Microsoft consumer, above 5,000     | May 2025      | Microsoft Tech Community           |
///
/// What only mail itself shows (TLS, PTR, one-click unsubscription, complaint rates) is not judged here.
package enum ProviderRule: String, Sendable, Hashable, CaseIterable {
    case gmailBulk = "gmail_bulk"
    case yahoo
    case microsoftBulk = "microsoft_bulk"

    /// Why an identity does not meet the rule.
    package enum Lack: String, Sendable, Hashable, CaseIterable {
        case spfMissing = "spf_missing"
        case dkimMissing = "dkim_missing"
        case dmarcMissing = "dmarc_missing"
        case notAligned = "not_aligned"
        /// A question was not answered.
        case unknown
    }

    /// What `verification` lacks for the rule; nil if it meets it. The three rules ask the same today.
    package func lack(in verification: IdentityVerification) -> Lack? {
        if verification.assessment == .indeterminate { return .unknown }
        guard verification.spf.isReady else { return .spfMissing }
        guard verification.dkim.contains(where: \.isReady) else { return .dkimMissing }
        guard verification.dmarc.policy != nil else { return .dmarcMissing }
        return verification.hasAlignedSPF || verification.hasAlignedDKIM ? nil : .notAligned
    }
}
