package import Ledger
package import MailAuthentication

/// How mail of an identity is meant to be sent, as its owner says: what a check holds the name system to.
package struct IdentitySettings: Sendable {
    /// The domain of the return path; the Author Domain where none is named.
    package let mailFromDomain: DomainName?
    /// The domain that signs; the Author Domain where none is named.
    package let signingDomain: DomainName?
    /// The DKIM selectors in use.
    package let selectors: [DomainName]
    /// The addresses of the hosts that send.
    package let addresses: [IPAddress]

    package init(
        mailFromDomain: DomainName? = nil, signingDomain: DomainName? = nil, selectors: [DomainName] = [],
        addresses: [IPAddress] = []
    ) {
        self.mailFromDomain = mailFromDomain
        self.signingDomain = signingDomain
        self.selectors = selectors
        self.addresses = addresses
    }

    /// Takes the members of the settings from `members`: `mail_from_domain`, `signing_domain`, `selectors`,
    /// `addresses`, each optional.
    package init(_ members: inout MemberReader) throws(Refusal) {
        mailFromDomain = try members.take("mail_from_domain", Self.hostName)
        signingDomain = try members.take("signing_domain", Self.hostName)
        selectors =
            try members.take("selectors") { (value) throws(Refusal) in
                try Self.list(value, max: SenderIdentity.selectorsMax, Self.selector)
            } ?? []
        addresses =
            try members.take("addresses") { (value) throws(Refusal) in
                try Self.list(value, max: SenderIdentity.addressesMax, Self.address)
            } ?? []
    }

    /// The settings that `json` holds.
    package init(json: JSONValue) throws(Refusal) {
        var members = try MemberReader(json)
        try self.init(&members)
        try members.requireNothingElse()
    }

    /// The settings as JSON; what was not set is absent.
    package var json: JSONValue {
        var members: [JSONValue.Member] = []
        if let mailFromDomain { members.append(.init("mail_from_domain", .string(mailFromDomain.text))) }
        if let signingDomain { members.append(.init("signing_domain", .string(signingDomain.text))) }
        if !selectors.isEmpty { members.append(.init("selectors", .array(selectors.map { .string($0.text) }))) }
        if !addresses.isEmpty { members.append(.init("addresses", .array(addresses.map { .string($0.description) }))) }
        return .object(members)
    }

    /// What a check of `domain` looks at.
    package func identity(of domain: DomainName) -> SenderIdentity {
        SenderIdentity(
            authorDomain: domain, mailFromDomain: mailFromDomain, signingDomain: signingDomain, selectors: selectors,
            addresses: addresses)
    }

    /// A domain of two labels or more. U-labels become A-labels.
    package static func hostName(_ value: JSONValue) throws(Refusal) -> DomainName {
        let text = try MemberReader.text(value, min: 1, max: DomainName.sizeMax)
        guard let name = DomainName(internationalized: text), !text.hasSuffix("."), name.isHostName, name.labelCount > 1
        else {
            throw Refusal(.invalidMember, "expected a domain of two labels or more")
        }
        return name
    }

    /// An address of IPv4 or IPv6.
    package static func address(_ value: JSONValue) throws(Refusal) -> IPAddress {
        guard let address = value.text.flatMap({ IPAddress(text: $0) }) else {
            throw Refusal(.invalidMember, "expected an address of IPv4 or IPv6")
        }
        return address
    }

    private static func selector(_ value: JSONValue) throws(Refusal) -> DomainName {
        let text = try MemberReader.text(value, min: 1, max: DomainName.labelSizeMax)
        guard let name = DomainName(internationalized: text), !text.hasSuffix("."), name.isHostName else {
            throw Refusal(.invalidMember, "expected a selector (RFC 6376 §3.1)")
        }
        return name
    }

    private static func list<Element>(
        _ value: JSONValue, max: Int, _ read: (JSONValue) throws(Refusal) -> Element
    ) throws(Refusal) -> [Element] {
        guard let elements = value.elements else { throw Refusal(.invalidMember, "expected a list") }
        guard elements.count <= max else { throw Refusal(.tooLarge, "at most \(max) are looked at", limit: max) }
        var list: [Element] = []
        for (index, element) in elements.enumerated() {
            do throws(Refusal) {
                list.append(try read(element))
            } catch {
                throw error.within(String(index))
            }
        }
        return list
    }
}
