/// How a record designates clients (RFC 7208 §5).
package enum SPFMechanism: Hashable, Sendable {
    /// The names of the mechanisms.
    package enum Name: String, Sendable, Hashable, CaseIterable {
        case all, include, a, mx, ptr, ip4, ip6, exists
    }

    /// Everyone (§5.1).
    case all
    /// Whom another domain lets pass (§5.2).
    case include(SPFMacroString)
    /// The addresses of a domain, by default the current one (§5.3).
    case a(SPFMacroString?, SPFPrefixLengths)
    /// The addresses of a domain's mail exchangers (§5.4).
    case mx(SPFMacroString?, SPFPrefixLengths)
    /// A client whose name is, or lies below, a domain. It should not be published (§5.5).
    case ptr(SPFMacroString?)
    /// A network of IPv4 (§5.6).
    case ip4(SPFNetwork)
    /// A network of IPv6 (§5.6).
    case ip6(SPFNetwork)
    /// Everyone, if a name that is made of macros has an A record (§5.7).
    case exists(SPFMacroString)

    package var name: Name {
        switch self {
        case .all: .all
        case .include: .include
        case .a: .a
        case .mx: .mx
        case .ptr: .ptr
        case .ip4: .ip4
        case .ip6: .ip6
        case .exists: .exists
        }
    }

    /// Whether the mechanism counts towards the limit of ten (§4.6.4).
    package var asks: Bool {
        switch self {
        case .all, .ip4, .ip6: false
        case .include, .a, .mx, .ptr, .exists: true
        }
    }
}

/// How many leading bits must agree, for each family (RFC 7208 §5.3 `dual-cidr-length`).
package struct SPFPrefixLengths: Hashable, Sendable {
    package var version4 = 32
    package var version6 = 128

    /// The length for the family of `address`.
    func length(for address: IPAddress) -> Int { address.isIPv4 ? version4 : version6 }
}

/// The network of an `ip4` or `ip6` mechanism (RFC 7208 §5.6).
package struct SPFNetwork: Hashable, Sendable {
    /// 4 or 16 bytes. ``IPAddress`` would turn `::ffff:192.0.2.1` into IPv4, which an `ip6` mechanism never matches.
    package let bytes: [UInt8]
    package let prefixLength: Int

    /// Whether `address` is of the same family and shares the prefix.
    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == bytes.count, prefixLength <= bytes.count * 8 else { return false }
        let whole = prefixLength / 8
        guard address.bytes.prefix(whole).elementsEqual(bytes.prefix(whole)) else { return false }
        guard !prefixLength.isMultiple(of: 8) else { return true }
        return (address.bytes[whole] ^ bytes[whole]) >> UInt8(8 - prefixLength % 8) == 0
    }
}
