import Ledger

extension DKIMSignature {
    /// The digits that times and `l=` may have (RFC 6376 §3.5). No body is as long as the longest of them says.
    static let timeDigitsMax = 12
    static let timeMax = 999_999_999_999
    static let bodyLengthDigitsMax = 76
    static let bodyLengthMax = Int.max
    /// The most names in `h=`: a mail has some dozens of fields.
    private static let signedHeadersMax = 1_000

    /// Reads the tags of a signature. Unknown ones are ignored.
    ///
    /// Throws the first defect in the order of RFC 6376 §6.1.1: version, required tags, each value's syntax, then what
    /// the values say together.
    init(_ tags: DKIMTagList) throws(DKIMReason) {
        guard let version = tags["v"] else { throw .headerSyntax }
        guard version.value.elementsEqual("1".utf8) else { throw .unknownVersion }
        guard let a = tags["a"], let b = tags["b"], let bh = tags["bh"], let d = tags["d"], let h = tags["h"],
            let s = tags["s"]
        else { throw .headerSyntax }
        guard let algorithm = DKIMAlgorithm(rawValue: a.text) else { throw .unknownAlgorithm }
        self.algorithm = algorithm
        guard let canonicalization = DKIMCanonicalization(tags.text("c") ?? "simple/simple") else {
            throw .unknownCanonicalization
        }
        self.canonicalization = canonicalization
        guard let domain = Self.hostName(d.value), domain.labelCount > 1, let selector = Self.hostName(s.value),
            let keyName = DomainName("\(selector)._domainkey.\(domain)"), let signature = b.base64,
            let bodyHash = bh.base64, let signedHeaders = Self.headerNames(h.value)
        else { throw .headerSyntax }
        self.domain = domain
        self.selector = selector
        self.keyName = keyName
        self.signature = signature
        self.bodyHash = bodyHash
        self.signedHeaders = signedHeaders
        bodyLength = try Self.number(tags["l"], digitsMax: Self.bodyLengthDigitsMax, max: Self.bodyLengthMax)
        timestamp = try Self.number(tags["t"], digitsMax: Self.timeDigitsMax, max: Self.timeMax).map(Int64.init)
        expiration = try Self.number(tags["x"], digitsMax: Self.timeDigitsMax, max: Self.timeMax).map(Int64.init)
        if let timestamp, let expiration, expiration <= timestamp { throw .headerSyntax }
        queryMethods = tags.list("q")?.map { String(decoding: $0, as: UTF8.self) } ?? ["dns/txt"]
        guard queryMethods.contains("dns/txt") else { throw .headerSyntax }
        identity = try Self.identity(tags["i"], default: domain)
        guard signedHeaders.contains("from") else { throw .fromNotSigned }
        guard identity.domain.isWithin(domain) else { throw .identityMismatch }
    }

    /// The name in `bytes`, held to RFC 5321 §4.1.2 (and underscores, which selectors have): no dot at the end. In
    /// internationalized mail it may be in U-labels; the key stands at the A-labels (RFC 8616 §5).
    private static func hostName(_ bytes: ArraySlice<UInt8>) -> DomainName? {
        guard bytes.allSatisfy({ $0 < 0x80 }) else {
            let name = String(validating: bytes, as: UTF8.self).flatMap { ALabels.name($0) }
            return name.flatMap { hostName(Array($0.utf8)[...]) }
        }
        var previous = UInt8(ascii: ".")
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "."): guard previous != UInt8(ascii: "-") else { return nil }
            case UInt8(ascii: "-"): guard previous != UInt8(ascii: ".") else { return nil }
            case UInt8(ascii: "_"): break
            default: guard ASCII.isAlpha(byte) || ASCII.isDigit(byte) else { return nil }
            }
            previous = byte
        }
        guard previous != UInt8(ascii: "."), previous != UInt8(ascii: "-") else { return nil }
        return DomainName(String(decoding: bytes, as: UTF8.self))
    }

    private static func headerNames(_ list: ArraySlice<UInt8>) -> [String]? {
        var names: [String] = []
        // One part more than may be, so that what is too long is seen.
        let parts = list.split(
            separator: UInt8(ascii: ":"), maxSplits: signedHeadersMax, omittingEmptySubsequences: false)
        guard parts.count <= signedHeadersMax else { return nil }
        for item in parts.map(DKIMTagList.trimmed) {
            guard !item.isEmpty, item.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
            names.append(String(decoding: item.map(ASCII.lowercased), as: UTF8.self))
        }
        return names
    }

    private static func number(_ tag: DKIMTagList.Tag?, digitsMax: Int, max: Int) throws(DKIMReason) -> Int? {
        guard let tag else { return nil }
        guard let number = tag.number(digitsMax: digitsMax, clampedTo: max) else { throw .headerSyntax }
        return number
    }

    private static func identity(_ tag: DKIMTagList.Tag?, default domain: DomainName) throws(DKIMReason) -> Identity {
        guard let tag else { return Identity(text: "@\(domain)", domain: domain) }
        // The local part may be a quoted string that holds an at sign; the domain cannot.
        guard let bytes = DKIMQuotedPrintable.decode(tag.value), let at = bytes.lastIndex(of: UInt8(ascii: "@")),
            let domain = hostName(bytes[(at + 1)...])
        else { throw .headerSyntax }
        return Identity(text: ALabels.address(String(decoding: bytes, as: UTF8.self)), domain: domain)
    }
}
