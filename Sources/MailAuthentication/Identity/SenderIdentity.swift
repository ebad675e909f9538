/// A name that mail is sent under, and how that is meant to be done.
package struct SenderIdentity: Hashable, Sendable {
    /// The most selectors, and the most sending addresses, of one identity.
    package static let selectorsMax = 20
    package static let addressesMax = 50

    /// The domain of the From address (RFC 9989 §3.2.2).
    package let authorDomain: DomainName
    /// The domain of the envelope's return path, which SPF looks at; the Author Domain unless another is named.
    package let mailFromDomain: DomainName
    /// The domain that signs (`d=`); the Author Domain unless another is named.
    package let signingDomain: DomainName
    /// The selectors below the signing domain that are in use.
    package let selectors: [DomainName]
    /// The addresses of the hosts that send.
    package let addresses: [IPAddress]

    package init(
        authorDomain: DomainName, mailFromDomain: DomainName? = nil, signingDomain: DomainName? = nil,
        selectors: [DomainName] = [], addresses: [IPAddress] = []
    ) {
        self.authorDomain = authorDomain
        self.mailFromDomain = mailFromDomain ?? authorDomain
        self.signingDomain = signingDomain ?? authorDomain
        self.selectors = Array(selectors.prefix(Self.selectorsMax))
        self.addresses = Array(addresses.prefix(Self.addressesMax))
    }
}
