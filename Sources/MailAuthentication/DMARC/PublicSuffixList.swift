package import Cryptography

/// The Public Suffix List (publicsuffix.org/list), by which RFC 7489 §3.2 finds a domain's organisation.
///
/// Made once from the file's bytes; both sections count, the private one too. About ten thousand rules lie in one array
/// of bytes behind a hash table of suffixes, so that a look-up costs one pass over the name, from its right end.
package struct PublicSuffixList: Sendable {
    /// The largest file, in bytes: sixty times the list of 2023.
    package static let sizeMax = 16 << 20

    /// The digest of the file, for evidence.
    package let digest: Digest
    /// How many rules were taken.
    package let ruleCount: Int
    /// How many lines are neither rule nor comment: a wildcard that is not leftmost, a name that is none.
    package let ignoredLineCount: Int
    private let table: SuffixTable

    /// Reads the list; nil if there is no rule in it, or if it is longer than ``sizeMax``.
    package init?(_ file: [UInt8]) {
        guard file.count <= Self.sizeMax else { return nil }
        var rules: [(name: [UInt8], kind: SuffixRule)] = []
        var ignored = 0
        for line in file.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            // "Each line is only read up to the first whitespace; entire lines can also be commented using //."
            let text = line.prefix { !ASCII.isWhiteSpace($0) }
            guard !text.isEmpty, !text.starts(with: "//".utf8) else { continue }
            if let rule = Self.rule(text) { rules.append(rule) } else { ignored += 1 }
        }
        guard !rules.isEmpty else { return nil }
        digest = SHA256.digest(file)
        ruleCount = rules.count
        ignoredLineCount = ignored
        table = SuffixTable(rules)
    }

    private static func rule(_ text: ArraySlice<UInt8>) -> (name: [UInt8], kind: SuffixRule)? {
        var text = text
        var kind = SuffixRule.plain
        if text.first == UInt8(ascii: "!") {
            text = text.dropFirst()
            kind = .exception
        } else if text.starts(with: "*.".utf8) {
            text = text.dropFirst(2)
            kind = .wildcard
        }
        guard !text.contains(UInt8(ascii: "*")), text.last != UInt8(ascii: ".") else { return nil }
        guard let name = DomainName(internationalized: String(decoding: text, as: UTF8.self)) else { return nil }
        return (Array(name.text.utf8), kind)
    }

    /// How many of the rightmost labels of `name` are its public suffix, by the algorithm of publicsuffix.org/list.
    ///
    /// It is 1 where no rule matches (the rule `*`).
    package func publicSuffixLabelCount(of name: DomainName) -> Int {
        let bytes = Array(name.text.utf8)
        let labelCount = name.labelCount
        var longest = 1
        var hash = SuffixTable.emptyHash
        var depth = 0
        for start in bytes.indices.reversed() {
            hash = SuffixTable.hash(hash, bytes[start])
            guard start == 0 || bytes[start - 1] == UInt8(ascii: ".") else { continue }
            depth += 1
            let rules = table.rules(for: bytes[start...], hash: hash)
            // An exception prevails over all; its suffix is the rule without its leftmost label.
            if rules.contains(.exception) { return depth - 1 }
            if rules.contains(.plain) { longest = max(longest, depth) }
            if rules.contains(.wildcard), depth < labelCount { longest = max(longest, depth + 1) }
        }
        return longest
    }

    /// The public suffix and one label more; nil for a name that is a public suffix itself.
    package func registrableDomain(of name: DomainName) -> DomainName? {
        let count = publicSuffixLabelCount(of: name)
        return name.labelCount > count ? name.suffix(count + 1) : nil
    }

    /// The Organizational Domain of RFC 7489 §3.2: the registrable domain, or the name itself where there is none.
    package func organizationalDomain(of name: DomainName) -> DomainName { registrableDomain(of: name) ?? name }
}
