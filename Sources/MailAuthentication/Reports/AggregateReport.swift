/// A DMARC aggregate report (RFC 9990 §3.1, and the older form of RFC 7489 appendix C).
///
/// Whatever it says is a **claim by its submitter** (RFC 9990, security considerations): anyone can write one. Texts
/// are
/// as written, without the white space around them.
package struct AggregateReport: Hashable, Sendable {
    /// The namespace of RFC 9990. Reports by RFC 7489 have none, or the one below.
    package static let namespaceRFC9990 = "urn:ietf:params:xml:ns:dmarc-2.0"
    static let namespaceRFC7489 = "http://dmarc.org/dmarc-xml/0.1"

    /// The URI of the root element's namespace; nil if it has none.
    package internal(set) var namespace: String?
    /// RFC 9990 fixes 1.0, and lets it be absent.
    package internal(set) var version: String?
    package internal(set) var metadata = Metadata()
    package internal(set) var policy = PublishedPolicy()
    package internal(set) var rows: [Row] = []
    /// The messages of all rows together.
    package internal(set) var messageCount: Int64 = 0
    /// Elements that no RFC has, and that were passed over with what is in them.
    package internal(set) var unknownElementCount = 0
    /// Elements that stand below an `extension`, which RFC 9990 leaves to others; they are passed over too.
    package internal(set) var extensionElementCount = 0

    /// Who reports, and about when (`report_metadata`).
    package struct Metadata: Hashable, Sendable {
        /// The name of the receiver exactly as written; it may be empty. Anybody can write any name.
        package internal(set) var orgName = ""
        package internal(set) var email: String?
        /// The domain of the one mailbox that `email` names; nil if it names none, or several.
        package internal(set) var emailDomain: DomainName?
        package internal(set) var extraContactInfo: String?
        package internal(set) var reportID = ""
        /// The first second of the period, in Unix time.
        package internal(set) var begin: Int64 = 0
        /// The last second of the period; some reporters write the first one behind it.
        package internal(set) var end: Int64 = 0
        package internal(set) var errors: [String] = []
        package internal(set) var generator: String?
    }

    /// The DMARC record as the reporter found it (`policy_published`). Nil is what the report does not say.
    package struct PublishedPolicy: Hashable, Sendable {
        /// The policy domain. It is written in the report; here it is a name.
        package internal(set) var domain: DomainName?
        /// `p`.
        package internal(set) var policy: PolicyWord?
        /// `sp`.
        package internal(set) var subdomainPolicy: PolicyWord?
        /// `np` (RFC 9990).
        package internal(set) var nonexistentPolicy: PolicyWord?
        package internal(set) var adkim: AlignmentMode?
        package internal(set) var aspf: AlignmentMode?
        package internal(set) var discoveryMethod: DiscoveryMethod?
        /// `fo` as written.
        package internal(set) var failureOptions: String?
        /// `testing`: whether the record has `t=y` (RFC 9990).
        package internal(set) var testing: Bool?
        /// `pct` as written (RFC 7489).
        package internal(set) var percentage: String?
    }

    /// What one source sent (`record`).
    package struct Row: Hashable, Sendable {
        /// `source_ip` as written.
        package internal(set) var sourceText = ""
        /// The address; nil if the text is none.
        package internal(set) var source: IPAddress?
        /// How many messages, 0 to ``AggregateReport/rowMessagesMax``.
        package internal(set) var count: Int64 = 0
        package internal(set) var disposition: Disposition?
        /// Whether DKIM passed aligned.
        package internal(set) var dkim: AlignedResult?
        /// Whether SPF passed aligned.
        package internal(set) var spf: AlignedResult?
        package internal(set) var reasons: [OverrideReason] = []
        package internal(set) var headerFrom: String?
        /// Empty for the null path; nil if the report does not say.
        package internal(set) var envelopeFrom: String?
        package internal(set) var envelopeTo: String?
        package internal(set) var dkimResults: [DKIMResult] = []
        package internal(set) var spfResults: [SPFResult] = []
    }

    /// Why a policy was not applied (`reason`).
    package struct OverrideReason: Hashable, Sendable {
        package internal(set) var type: OverrideType?
        package internal(set) var comment: String?
    }

    /// One signature's result (`auth_results/dkim`).
    package struct DKIMResult: Hashable, Sendable {
        package internal(set) var domain: String?
        package internal(set) var selector: String?
        package internal(set) var result: AuthResult?
        package internal(set) var humanResult: String?
    }

    /// SPF's result for one identity (`auth_results/spf`). RFC 9990 knows only MAIL FROM, and one of these.
    package struct SPFResult: Hashable, Sendable {
        package internal(set) var domain: String?
        package internal(set) var scope: SPFScope?
        package internal(set) var result: AuthResult?
        package internal(set) var humanResult: String?
    }
}
