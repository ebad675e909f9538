/// What the Public Suffix List says about one name. A name may have several rules.
struct SuffixRule: OptionSet, Sendable {
    let rawValue: UInt8

    /// The name is a public suffix.
    static let plain = SuffixRule(rawValue: 1)
    /// Each name one label below is a public suffix (`*.name`).
    static let wildcard = SuffixRule(rawValue: 2)
    /// The name is none, though a wildcard says so (`!name`).
    static let exception = SuffixRule(rawValue: 4)
}
