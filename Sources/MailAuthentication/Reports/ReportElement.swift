/// The elements of a report, of both forms (RFC 9990 appendix A, RFC 7489 appendix C).
enum ReportElement: UInt8, CaseIterable {
    case feedback, version, reportMetadata, policyPublished, record, `extension`
    // report_metadata
    case orgName, email, extraContactInfo, reportID, dateRange, begin, end, error, generator
    // policy_published
    case domain, p, sp, np, adkim, aspf, discoveryMethod, fo, testing, pct
    // row
    case row, sourceIP, count, policyEvaluated, disposition, dkim, spf, reason, type, comment
    // identifiers
    case identifiers, headerFrom, envelopeFrom, envelopeTo
    // auth_results
    case authResults, selector, result, humanResult, scope

    /// In the order of the cases.
    private static let names = [
        "feedback", "version", "report_metadata", "policy_published", "record", "extension", "org_name", "email",
        "extra_contact_info", "report_id", "date_range", "begin", "end", "error", "generator", "domain", "p", "sp",
        "np", "adkim", "aspf", "discovery_method", "fo", "testing", "pct", "row", "source_ip", "count",
        "policy_evaluated", "disposition", "dkim", "spf", "reason", "type", "comment", "identifiers", "header_from",
        "envelope_from", "envelope_to", "auth_results", "selector", "result", "human_result", "scope",
    ]
    /// The elements by the length of their names: a report has a dozen of them for each row.
    private static let known: [(name: PackedName, element: ReportElement)] = zip(names, allCases)
        .compactMap { text, element in
            let bytes = Array(text.utf8)
            return PackedName(bytes, bytes.indices).map { ($0, element) }
        }
        .sorted { $0.name.size < $1.name.size }
    /// Where the names of each length begin in ``known``, and where the last ones end.
    private static let starts = (0...PackedName.sizeMax + 1).map { size in
        known.firstIndex { $0.name.size >= size } ?? known.endIndex
    }

    /// The element of the local name at `place` in `bytes`; nil if no RFC has it.
    init?(_ bytes: [UInt8], _ place: Range<Int>) {
        guard let name = PackedName(bytes, place) else { return nil }
        for index in Self.starts[name.size]..<Self.starts[name.size + 1] where Self.known[index].name == name {
            self = Self.known[index].element
            return
        }
        return nil
    }
}

/// A short name in three words, so that comparing it costs next to nothing.
private struct PackedName: Equatable {
    static let sizeMax = 24

    let size: Int
    private var words: (UInt64, UInt64, UInt64) = (0, 0, 0)

    /// The name at `place` in `bytes`; nil if it is longer than ``sizeMax``.
    init?(_ bytes: [UInt8], _ place: Range<Int>) {
        guard place.count <= Self.sizeMax else { return nil }
        size = place.count
        let start = place.lowerBound
        words.0 = Self.word(bytes, start..<min(place.upperBound, start + 8))
        guard size > 8 else { return }
        words.1 = Self.word(bytes, start + 8..<min(place.upperBound, start + 16))
        guard size > 16 else { return }
        words.2 = Self.word(bytes, start + 16..<place.upperBound)
    }

    private static func word(_ bytes: [UInt8], _ place: Range<Int>) -> UInt64 {
        var word: UInt64 = 0
        for index in place { word = word << 8 | UInt64(bytes[index]) }
        return word
    }

    static func == (left: PackedName, right: PackedName) -> Bool {
        left.size == right.size && left.words == right.words
    }
}
