/// A DMARC record (RFC 9989 §4.7): what its tags say, with the defaults for what they do not say.
package struct DMARCRecord: Hashable, Sendable {
    /// How close an identifier's domain must be to the Author Domain (`adkim`, `aspf`).
    package enum AlignmentMode: String, Sendable, Hashable, CaseIterable {
        case relaxed = "r"
        case strict = "s"
    }

    /// Whether the name is a Public Suffix Domain (`psd`).
    package enum SuffixFlag: String, Sendable, Hashable, CaseIterable {
        /// It is one.
        case yes = "y"
        /// It is none, and it is the Organizational Domain of all below it.
        case no = "n"
        /// The walk has to find out.
        case unknown = "u"
    }

    /// For which Author Domain a policy is meant: the one with the record, or one below it.
    package enum PolicyTag: String, Sendable, Hashable, CaseIterable {
        case p, sp, np
    }

    /// One tag that is not of RFC 9989, or not any more.
    package struct Tag: Hashable, Sendable {
        /// In lower case.
        package let name: String
        package let value: String
    }

    /// The record's bytes as text; what is no UTF-8 is replaced.
    package internal(set) var text = ""
    /// The policies that stand in the record and are valid; see ``policy(_:)`` for those that count.
    package internal(set) var policies: [PolicyTag: DMARCPolicy] = [:]
    package internal(set) var dkimMode = AlignmentMode.relaxed
    package internal(set) var spfMode = AlignmentMode.relaxed
    package internal(set) var suffixFlag = SuffixFlag.unknown
    /// Whether the owner tests (`t=y`): the policy that is applied is one step lower.
    package internal(set) var isTesting = false
    /// When failure reports are wanted: `0`, `1`, `d`, `s`, in the record's order; `0` by default, none without `ruf`.
    package internal(set) var failureOptions: [String] = []
    /// Where aggregate reports go.
    package internal(set) var aggregateReportURIs: [DMARCReportURI] = []
    /// Where failure reports go.
    package internal(set) var failureReportURIs: [DMARCReportURI] = []
    /// `pct`, `rf` and `ri` of RFC 7489. They change nothing.
    package internal(set) var legacyTags: [Tag] = []
    package internal(set) var unknownTags: [Tag] = []
    /// What is odd about the record, each code once, in the order of the list.
    package internal(set) var anomalies: [DMARCAnomaly] = []

    /// The names of tags that stand twice: the first of them, and so much of each.
    package internal(set) var duplicateTags: [String] = []

    static let duplicateTagsMax = 8
    static let tagNameSizeMax = 63

    /// Whether the record counts: no tag stands twice (RFC 6376 §3.2). An invalid one is no record.
    package var isValid: Bool { duplicateTags.isEmpty }

    /// Whether `p` is valid, and `sp` and `np` are valid or absent.
    package var hasValidPolicies: Bool {
        policies[.p] != nil && !anomalies.contains(.invalidSP) && !anomalies.contains(.invalidNP)
    }

    /// Whether DMARC applies by this record: its policies are valid, or reports are asked for (RFC 9989 §4.10.1).
    package var isApplicable: Bool { hasValidPolicies || !aggregateReportURIs.isEmpty }

    /// The policy for such an Author Domain, before `t`; nil if DMARC does not apply by this record.
    ///
    /// `np` falls back to `sp`, and `sp` to `p`. A record that only asks for reports acts as `p=none`, whole.
    package func policy(_ tag: PolicyTag) -> DMARCPolicy? {
        guard hasValidPolicies else { return isApplicable ? DMARCPolicy.none : nil }
        return switch tag {
        case .p: policies[.p]
        case .sp: policies[.sp] ?? policies[.p]
        case .np: policies[.np] ?? policies[.sp] ?? policies[.p]
        }
    }

    /// The alignment mode for the identifiers of that mechanism.
    func mode(for mechanism: DMARCIdentifier.Mechanism) -> AlignmentMode {
        switch mechanism {
        case .spf: spfMode
        case .dkim: dkimMode
        }
    }
}
