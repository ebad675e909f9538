import Ledger

/// The name of a report's file: `receiver!policy-domain!begin!end[!unique].xml[.gz]` (RFC 9990 §3.5.2), or with the
/// endings of ZIP, which the field has too.
package struct ReportFileName: Hashable, Sendable {
    /// What the endings say of the container.
    package enum Container: String, Sendable, Hashable, CaseIterable { case xml, gzip, zip }

    private static let sizeMax = 1_024
    /// Timestamps have ten digits until the year 2286.
    private static let timestampMax = 999_999_999_999
    private static let endings: [(String, Container)] = [
        (".xml.gz", .gzip), (".xml.zip", .zip), (".xml", .xml), (".gz", .gzip), (".zip", .zip),
    ]

    /// Who sends the report, as written. Some write nothing.
    package let receiver: String
    package let policyDomain: DomainName
    package let begin: Int64
    package let end: Int64
    /// What tells two reports of one period apart.
    package let unique: String?
    package let container: Container

    /// The parts of `name`; nil if it is no such name.
    package init?(_ name: String) {
        guard name.utf8.count <= Self.sizeMax, let (stem, container) = Self.stem(of: Array(name.utf8)) else {
            return nil
        }
        let parts = stem.split(separator: UInt8(ascii: "!"), omittingEmptySubsequences: false)
        guard (4...5).contains(parts.count),
            let domain = DomainName(internationalized: String(decoding: parts[1], as: UTF8.self)),
            let begin = Self.timestamp(parts[2]), let end = Self.timestamp(parts[3])
        else { return nil }
        let unique = parts.count == 5 ? parts[4] : []
        // RFC 9990: letters and digits. Others write hyphens, dots and underscores.
        guard unique.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        receiver = String(decoding: parts[0], as: UTF8.self)
        policyDomain = domain
        self.begin = begin
        self.end = end
        self.unique = unique.isEmpty ? nil : String(decoding: unique, as: UTF8.self)
        self.container = container
    }

    /// What the endings of `name` say of the container, whatever stands before them; nil for other endings.
    package static func container(of name: String) -> Container? { stem(of: Array(name.utf8))?.1 }

    private static func stem(of name: [UInt8]) -> (ArraySlice<UInt8>, Container)? {
        for (ending, container) in endings where ASCII.equal(name.suffix(ending.utf8.count), ending) {
            return (name.dropLast(ending.utf8.count), container)
        }
        return nil
    }

    private static func timestamp(_ digits: ArraySlice<UInt8>) -> Int64? {
        WholeNumber.readPadded(digits, max: timestampMax).map(Int64.init)
    }
}
