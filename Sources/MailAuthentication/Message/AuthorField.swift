/// The authors of a message, as far as its From fields say (RFC 5322 §3.6.2), with all that DMARC needs of them.
///
/// Nobody is picked: if the fields do not name one Author Domain, there is none, and the findings say why.
package struct AuthorField: Hashable, Sendable {
    /// So many From fields are read. A message has one.
    package static let fieldsMax = 10
    /// So many authors are named. The rest is left, with a finding.
    package static let authorsMax = 1_000

    /// What the From fields are, other than one field with one mailbox.
    package enum Finding: String, Hashable, Sendable, CaseIterable {
        case noField = "no_from_field"
        /// RFC 5322 §3.6 allows one; readers of mail differ in which one they show.
        case multipleFields = "multiple_from_fields"
        /// A field that is longer than ``AddressList/sizeMax``, or more fields or authors than the limits.
        case tooLarge = "too_large"
        /// There is no usable mailbox.
        case noAuthor = "no_author"
        /// At least one part of the fields names no mailbox.
        case unusableAddress = "unusable_address"
        case multipleMailboxes = "multiple_mailboxes"
        case multipleDomains = "multiple_domains"
        /// A domain with octets outside ASCII that makes no A-labels, in which RFC 9989 wants it.
        case internationalizedDomain = "internationalized_domain"
        case domainLiteral = "domain_literal"
        /// RFC 6854 allows groups in From.
        case group
        case emptyGroup = "empty_group"
        /// A form that must not be written any more (RFC 5322 §4), or a local part that the grammar refuses. The
        /// authors are clear all the same.
        case obsoleteSyntax = "obsolete_syntax"

        /// Whether DMARC cannot be evaluated for the message.
        package var preventsEvaluation: Bool {
            switch self {
            case .noField, .multipleFields, .tooLarge, .noAuthor, .unusableAddress, .multipleDomains,
                .internationalizedDomain, .domainLiteral:
                true
            case .multipleMailboxes, .group, .emptyGroup, .obsoleteSyntax: false
            }
        }
    }

    /// How many From fields the message has.
    package let fieldCount: Int
    /// The authors in the order of the fields, each as often as it stands there.
    package let mailboxes: [Mailbox]
    /// The parts of the fields that name no mailbox.
    package let unusable: [UnusableAddress]
    /// The domains of the authors that are host names, each once, in the order of the fields.
    package let domains: [DomainName]
    /// Each at most once, in the order of their declaration.
    package let findings: [Finding]

    /// The authors of `message`.
    package init(_ message: RawMessage) { self.init(fields: message.fields(named: "from")) }

    /// The authors in `fields`, which are all From fields of a message, from the top.
    package init(fields: [HeaderField]) {
        fieldCount = fields.count
        let lists = fields.prefix(Self.fieldsMax).map { AddressList($0.body) }
        let mailboxes = lists.flatMap(\.mailboxes)
        let unusable = lists.flatMap(\.unusable)
        let found = Self.findings(fields.count, lists, mailboxes, unusable)
        self.mailboxes = Array(mailboxes.prefix(Self.authorsMax))
        self.unusable = Array(unusable.prefix(Self.authorsMax))
        var domains: [DomainName] = []
        var seen: Set<DomainName> = []
        for mailbox in self.mailboxes {
            guard case .name(let domain) = mailbox.domain, seen.insert(domain).inserted else { continue }
            domains.append(domain)
        }
        self.domains = domains
        findings = Finding.allCases.filter { $0 == .multipleDomains ? domains.count > 1 : found.contains($0) }
    }

    /// The Author Domain, if there is one that DMARC can be evaluated for: all authors share it, and no finding stands
    /// against it.
    package var authorDomain: DomainName? {
        guard domains.count == 1, !findings.contains(where: \.preventsEvaluation) else { return nil }
        return domains.first
    }

    private static let obsolete: Set<AddressList.Finding> = [
        .emptyElement, .obsoleteRoute, .obsoleteSpacing, .obsoletePhrase, .unclosedGroup, .localPartDots,
        .localPartTooLong,
    ]

    private static func findings(
        _ fieldCount: Int, _ lists: [AddressList], _ mailboxes: [Mailbox], _ unusable: [UnusableAddress]
    ) -> Set<Finding> {
        var findings: Set<Finding> = []
        if fieldCount == 0 { findings.insert(.noField) }
        if fieldCount > 1 { findings.insert(.multipleFields) }
        if fieldCount > fieldsMax || mailboxes.count > authorsMax || unusable.count > authorsMax
            || !lists.allSatisfy(\.isComplete)
        {
            findings.insert(.tooLarge)
        }
        if mailboxes.isEmpty { findings.insert(.noAuthor) }
        if !unusable.isEmpty { findings.insert(.unusableAddress) }
        if mailboxes.count > 1 { findings.insert(.multipleMailboxes) }
        for mailbox in mailboxes {
            switch mailbox.domain {
            case .name: break
            case .internationalized: findings.insert(.internationalizedDomain)
            case .literal: findings.insert(.domainLiteral)
            }
        }
        for list in lists {
            if !list.groups.isEmpty { findings.insert(.group) }
            if list.groups.contains(where: \.members.isEmpty) { findings.insert(.emptyGroup) }
            if !obsolete.isDisjoint(with: list.findings) { findings.insert(.obsoleteSyntax) }
        }
        return findings
    }
}
