/// What a resource record holds.
package enum RecordData: Hashable, Sendable {
    /// An address of IPv4 or IPv6.
    case address(IPAddress)
    /// The name that a PTR record leads to.
    case pointer(DomainName)
    /// A mail exchanger; nil for the root, which says that there is none (RFC 7505).
    case exchange(preference: UInt16, host: DomainName?)
    /// The character-strings of a TXT record, as they stand.
    case text([[UInt8]])

    /// The strings of a TXT record joined without anything between (RFC 7208 §3.3, RFC 6376 §3.6.2.2); nil for others.
    package var joinedText: [UInt8]? {
        guard case .text(let strings) = self else { return nil }
        return Array(strings.joined())
    }
}
