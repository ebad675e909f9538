/// The closed lists of words in a report (RFC 9990 appendix A; RFC 7489 appendix C). Case does not matter in reading.
extension AggregateReport {
    package enum PolicyWord: String, Sendable, Hashable, CaseIterable { case none, quarantine, reject }

    /// Relaxed or strict.
    package enum AlignmentMode: String, Sendable, Hashable, CaseIterable {
        case relaxed = "r"
        case strict = "s"
    }

    package enum DiscoveryMethod: String, Sendable, Hashable, CaseIterable {
        /// The Public Suffix List.
        case psl
        case treewalk
    }

    /// What was done with the messages; `pass` is RFC 9990's: they passed, and there is an enforcing policy.
    package enum Disposition: String, Sendable, Hashable, CaseIterable { case none, pass, quarantine, reject }

    package enum AlignedResult: String, Sendable, Hashable, CaseIterable { case pass, fail }

    package enum OverrideType: String, Sendable, Hashable, CaseIterable {
        case localPolicy = "local_policy"
        case mailingList = "mailing_list"
        case other
        case policyTestMode = "policy_test_mode"
        case trustedForwarder = "trusted_forwarder"
        // RFC 7489 only.
        case forwarded
        case sampledOut = "sampled_out"
    }

    /// The identity that SPF was asked about.
    package enum SPFScope: String, Sendable, Hashable, CaseIterable {
        case mfrom
        /// RFC 7489 only.
        case helo
    }

    /// The results of DKIM and SPF, RFC 8601's words; `hardfail` and `unknown` are of drafts and still sent.
    package enum AuthResult: String, Sendable, Hashable, CaseIterable {
        case none, neutral, pass, fail, softfail, policy, temperror, permerror, hardfail, unknown
    }

    enum Testing: String { case y, n }
}
