extension DMARCRecord {
    /// Whether a TXT record is a DMARC record: its first tag is `v=DMARC1`, the value in capitals (RFC 9989 §4.7 `v`).
    package static func isRecord(_ bytes: [UInt8]) -> Bool {
        let first = bytes.prefix { $0 != UInt8(ascii: ";") }
        guard let equals = first.firstIndex(of: UInt8(ascii: "=")) else { return false }
        // No white space may stand before the version: `dmarc-record` begins with it (RFC 9989 §4.8).
        guard first.first.map(ASCII.isWhiteSpace) == false else { return false }
        return ASCII.equal(trimmed(first[..<equals]), "v")
            && trimmed(first[(equals + 1)...]).elementsEqual("DMARC1".utf8)
    }

    /// Whether a TXT record is none, but was meant to be: an error of its owner that is worth telling.
    static func isAlmostRecord(_ bytes: [UInt8]) -> Bool {
        guard !isRecord(bytes) else { return false }
        return bytes.split(separator: UInt8(ascii: ";")).contains { part in
            let packed = part.filter { !ASCII.isWhiteSpace($0) }
            return ASCII.equal(packed.prefix(8), "v=DMARC1")
        }
    }

    /// Reads a TXT record, its strings joined; nil if it is no DMARC record.
    ///
    /// What is wrong behind the version is left at its default (RFC 9989 §4.7), but for a tag that stands twice: it
    /// makes the whole list invalid (RFC 6376 §3.2, whose syntax DMARC takes over), see ``isValid``.
    package init?(_ bytes: [UInt8]) {
        guard Self.isRecord(bytes) else { return nil }
        self.init()
        text = String(decoding: bytes, as: UTF8.self)
        var found: Set<DMARCAnomaly> = []
        var seen: Set<String> = ["v"]
        var failureOptionsGiven = false
        var parts = bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).dropFirst()
        // One separator may stand at the end.
        if let last = parts.last, Self.trimmed(last).isEmpty { parts.removeLast() }
        for part in parts {
            guard let (name, value) = Self.tag(part) else {
                found.insert(.malformedTag)
                continue
            }
            guard seen.insert(name).inserted else {
                found.insert(.duplicateTag)
                noteDuplicate(name)
                continue
            }
            failureOptionsGiven = failureOptionsGiven || name == "fo"
            take(name, value, &found)
        }
        finish(failureOptionsGiven: failureOptionsGiven, seen: seen, &found)
    }

    /// The name, in lower case, and the value of one `dmarc-tag` (RFC 9989 §4.8).
    private static func tag(_ part: ArraySlice<UInt8>) -> (name: String, value: ArraySlice<UInt8>)? {
        guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = trimmed(part[..<equals])
        let value = trimmed(part[(equals + 1)...])
        guard !name.isEmpty, name.allSatisfy(ASCII.isAlpha), !value.isEmpty,
            value.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        return (String(decoding: name.map(ASCII.lowercased), as: UTF8.self), value)
    }

    private mutating func noteDuplicate(_ name: String) {
        let name = String(name.prefix(Self.tagNameSizeMax))
        guard duplicateTags.count < Self.duplicateTagsMax, !duplicateTags.contains(name) else { return }
        duplicateTags.append(name)
    }

    private mutating func take(_ name: String, _ value: ArraySlice<UInt8>, _ found: inout Set<DMARCAnomaly>) {
        switch name {
        case "p": policies[.p] = Self.literal(value, .invalidP, &found)
        case "sp": policies[.sp] = Self.literal(value, .invalidSP, &found)
        case "np": policies[.np] = Self.literal(value, .invalidNP, &found)
        case "adkim": dkimMode = Self.literal(value, .invalidADKIM, &found) ?? .relaxed
        case "aspf": spfMode = Self.literal(value, .invalidASPF, &found) ?? .relaxed
        case "psd": suffixFlag = Self.literal(value, .invalidPSD, &found) ?? .unknown
        case "t":
            if ASCII.equal(value, "y") { isTesting = true } else if !ASCII.equal(value, "n") { found.insert(.invalidT) }
        case "fo": failureOptions = Self.failureOptions(value, &found)
        case "rua": aggregateReportURIs = Self.uris(value, .invalidRUA, &found)
        case "ruf": failureReportURIs = Self.uris(value, .invalidRUF, &found)
        case "pct", "rf", "ri":
            legacyTags.append(Tag(name: name, value: String(decoding: value, as: UTF8.self)))
            found.insert(.legacyTag)
        default:
            unknownTags.append(Tag(name: name, value: String(decoding: value, as: UTF8.self)))
            found.insert(.unknownTag)
        }
    }

    private mutating func finish(
        failureOptionsGiven: Bool, seen: Set<String>, _ found: inout Set<DMARCAnomaly>
    ) {
        if !seen.contains("p") { found.insert(.missingP) }
        if seen.contains("ruf") {
            if failureOptions.isEmpty { failureOptions = ["0"] }
        } else {
            failureOptions = []
            if failureOptionsGiven { found.insert(.foWithoutRUF) }
        }
        anomalies = DMARCAnomaly.allCases.filter(found.contains)
    }

    /// The case whose word `value` is, without regard to letter case (RFC 5234 §2.3).
    private static func literal<Value: RawRepresentable<String> & CaseIterable>(
        _ value: ArraySlice<UInt8>, _ anomaly: DMARCAnomaly, _ found: inout Set<DMARCAnomaly>
    ) -> Value? {
        let match = Value.allCases.first { ASCII.equal(value, $0.rawValue) }
        if match == nil { found.insert(anomaly) }
        return match
    }

    /// `0` or `1`, `d`, `s`, each at most once, parted by colons; none of them if one is wrong.
    private static func failureOptions(_ value: ArraySlice<UInt8>, _ found: inout Set<DMARCAnomaly>) -> [String] {
        var options: [String] = []
        for part in value.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
            let option = String(decoding: trimmed(part).map(ASCII.lowercased), as: UTF8.self)
            guard ["0", "1", "d", "s"].contains(option), !options.contains(option) else {
                found.insert(.invalidFO)
                return []
            }
            options.append(option)
        }
        guard !options.contains("0") || !options.contains("1") else {
            found.insert(.invalidFO)
            return []
        }
        return options
    }

    /// The valid URIs of a list (RFC 9989 §4.8 `dmarc-urilist`).
    private static func uris(
        _ value: ArraySlice<UInt8>, _ anomaly: DMARCAnomaly, _ found: inout Set<DMARCAnomaly>
    ) -> [DMARCReportURI] {
        var uris: [DMARCReportURI] = []
        for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let uri = DMARCReportURI(trimmed(part)) else {
                found.insert(anomaly)
                continue
            }
            if uri.hadSizeSuffix { found.insert(.obsoleteSizeSuffix) }
            uris.append(uri)
        }
        return uris
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes.drop(while: ASCII.isWhiteSpace)
        while let last = bytes.last, ASCII.isWhiteSpace(last) { bytes.removeLast() }
        return bytes
    }
}
