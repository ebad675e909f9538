/// One thing that a check of an identity found, with the section that says so and the way to mend it.
package struct IdentityFinding: Hashable, Sendable {
    package enum Severity: String, Sendable, Hashable, CaseIterable {
        case info, warn, error
    }

    /// What was found: a closed list.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        case dmarcNoRecord = "dmarc.no_record"
        case dmarcNotApplicable = "dmarc.record_not_applicable"
        case dmarcMultipleRecords = "dmarc.multiple_records"
        case dmarcDuplicateTag = "dmarc.duplicate_tag"
        case dmarcAnomaly = "dmarc.anomaly"
        case dmarcNone = "dmarc.p_none"
        case dmarcTesting = "dmarc.testing"
        case dmarcUnanswered = "dmarc.temperror"
        case discoveryDisagreement = "dmarc.discovery_disagreement"
        case reportsUnauthorized = "dmarc.reports_not_authorized"
        case nothingAligned = "dmarc.nothing_aligned"
        case spfNoRecord = "spf.no_record"
        case spfBroken = "spf.permerror"
        case spfUnanswered = "spf.temperror"
        case spfAddress = "spf.address_not_authorized"
        case spfNotAligned = "spf.not_aligned"
        case dkimNoSelector = "dkim.no_selector"
        case dkimNoKey = "dkim.no_key"
        case dkimWeakKey = "dkim.weak_key"
        case dkimTesting = "dkim.testing_key"
        case dkimUnanswered = "dkim.temperror"
        case dkimNotAligned = "dkim.not_aligned"
    }

    package let code: Code
    /// The domain, selector, address or record that it is about.
    package let subject: String
    /// A code from another closed list that says more, such as an SPF reason; nil if there is none.
    package let detail: String?

    init(_ code: Code, _ subject: String, detail: String? = nil) {
        self.code = code
        self.subject = subject
        self.detail = detail
    }

    package var severity: Severity {
        switch code {
        case .dmarcNoRecord, .dmarcNotApplicable, .dmarcMultipleRecords, .dmarcDuplicateTag, .nothingAligned,
            .spfBroken, .spfAddress, .dkimNoKey, .dkimWeakKey:
            .error
        case .dmarcAnomaly, .dmarcNone, .dmarcTesting, .dmarcUnanswered, .discoveryDisagreement, .reportsUnauthorized,
            .spfNoRecord,
            .spfUnanswered, .spfNotAligned, .dkimNoSelector, .dkimUnanswered, .dkimNotAligned:
            .warn
        case .dkimTesting: .info
        }
    }

    /// Where the rule stands.
    package var reference: String {
        switch code {
        case .dmarcNoRecord, .dmarcNotApplicable: "RFC 9989 §4.10.1"
        case .dmarcMultipleRecords: "RFC 9989 §4.10"
        case .dmarcDuplicateTag: "RFC 6376 §3.2"
        case .dmarcAnomaly, .dmarcNone, .dmarcTesting: "RFC 9989 §4.7"
        case .dmarcUnanswered: "RFC 9989 §5.3"
        case .discoveryDisagreement: "RFC 9989 §4.10, RFC 7489 §3.2"
        case .reportsUnauthorized: "RFC 9990, Verifying External Destinations"
        case .nothingAligned, .spfNotAligned, .dkimNotAligned: "RFC 9989 §4.10.2"
        case .spfNoRecord: "RFC 7208 §4.5"
        case .spfBroken: "RFC 7208 §2.6.7"
        case .spfUnanswered: "RFC 7208 §2.6.6"
        case .spfAddress: "RFC 7208 §2.6.4"
        case .dkimNoSelector: "RFC 6376 §3.1"
        case .dkimNoKey, .dkimTesting, .dkimUnanswered: "RFC 6376 §3.6.1"
        case .dkimWeakKey: "RFC 8301 §3.2"
        }
    }

    /// What it means, and what to do.
    package var text: String {
        switch code {
        case .dmarcNoRecord:
            "There is no DMARC record. Publish a TXT record at _dmarc.\(subject), such as "
                + "\"v=DMARC1; p=none; rua=mailto:dmarc@\(subject)\"; raise p to quarantine or reject when "
                + "reports show "
                + "that all of your mail is aligned."
        case .dmarcNotApplicable:
            "The DMARC record has no valid policy and no report address. Give it p=none, quarantine "
                + "or reject."
        case .dmarcMultipleRecords:
            "Several DMARC records stand at _dmarc.\(subject), so none of them counts. Leave one."
        case .dmarcDuplicateTag:
            "The DMARC record at _dmarc.\(subject) has a tag twice (\(detail ?? "unknown")), which makes the whole "
                + "record invalid: no receiver need heed it. Write each tag once."
        case .dmarcAnomaly: "Something is odd about the DMARC record: \(detail ?? "unknown"). Write it without."
        case .dmarcNone:
            "The policy is none: mail that others send under this name is delivered. Raise p to "
                + "quarantine or reject."
        case .dmarcTesting:
            "The record says t=y, so its policy is lowered by one step. Take t away when the test is "
                + "over."
        case .dmarcUnanswered:
            "A question about the DMARC record was not answered (\(detail ?? "unknown")). "
                + "Check again later."
        case .discoveryDisagreement:
            "Receivers that follow RFC 9989 and those that follow RFC 7489 find another organisation or policy here. "
                + "Publish a record at _dmarc.\(subject) and align strictly, and both agree."
        case .reportsUnauthorized:
            "No receiver sends reports to \(subject): its host has not agreed to take them "
                + "(\(detail ?? "unknown")). Have it publish v=DMARC1 at <your domain>._report._dmarc.<its host>, "
                + "or name another address."
        case .nothingAligned:
            "The policy asks receivers to refuse mail that is not aligned, and no mechanism that is "
                + "ready for your mail is. "
                + "Sign with d=\(subject), or send with a return path in \(subject)."
        case .spfNoRecord: "\(subject) has no SPF record. Publish one that names your hosts and ends in -all."
        case .spfBroken:
            "The SPF record of \(subject) cannot be evaluated (\(detail ?? "unknown")). Mend it: "
                + "until then no host passes."
        case .spfUnanswered:
            "A question about the SPF record of \(subject) was not answered "
                + "(\(detail ?? "unknown")). Check again later."
        case .spfAddress:
            "\(subject) does not pass SPF (\(detail ?? "unknown")). Add it to the record, or send "
                + "from another host."
        case .spfNotAligned:
            "The return path's domain \(subject) is not aligned with the From domain: SPF alone does "
                + "not pass DMARC."
        case .dkimNoSelector:
            "No selector was named, so no DKIM key was looked at. Name those that your hosts sign "
                + "with."
        case .dkimNoKey:
            "There is no usable key at \(subject) (\(detail ?? "unknown")). Publish it, or stop "
                + "signing with it."
        case .dkimWeakKey: "The RSA key at \(subject) has fewer than 1024 bits and counts for nothing. Use 2048."
        case .dkimTesting: "The key at \(subject) says t=y, which receivers may take as no key at all. Take it away."
        case .dkimUnanswered:
            "The question for the key at \(subject) was not answered (\(detail ?? "unknown")). "
                + "Check again later."
        case .dkimNotAligned:
            "The signing domain \(subject) is not aligned with the From domain: DKIM alone does not "
                + "pass DMARC."
        }
    }
}
