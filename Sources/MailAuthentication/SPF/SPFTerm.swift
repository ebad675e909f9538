/// One term of a record: a directive or a modifier (RFC 7208 §4.6.1).
package enum SPFTerm: Hashable, Sendable {
    case directive(SPFDirective)
    case modifier(SPFModifier)
}

/// A mechanism and the result that its match gives (RFC 7208 §4.6.2).
package struct SPFDirective: Hashable, Sendable {
    /// What a match means.
    package enum Qualifier: UInt8, Sendable, Hashable, CaseIterable {
        case pass = 0x2B  // +
        case fail = 0x2D  // -
        case softfail = 0x7E  // ~
        case neutral = 0x3F  // ?

        /// The result of a match.
        package var result: SPFResult.Value {
            switch self {
            case .pass: .pass
            case .fail: .fail
            case .softfail: .softfail
            case .neutral: .neutral
            }
        }
    }

    package let qualifier: Qualifier
    package let mechanism: SPFMechanism
    /// The directive as the record writes it.
    package let text: String
}

/// A `name=value` of a record (RFC 7208 §6).
package enum SPFModifier: Hashable, Sendable {
    /// The domain whose record decides if nothing matches (§6.1).
    case redirect(SPFMacroString)
    /// Where the explanation of a fail is found (§6.2).
    case explanation(SPFMacroString)
    /// Any other: it changes nothing and is kept. The name is in lower case.
    case unknown(name: String, value: SPFMacroString)
}
