import CIDN2

/// Domain names in the form that the name system knows: labels in Unicode (U-labels) become A-labels (RFC 5890
/// §2.3.2.1).
///
/// Only labels with bytes outside ASCII go through the library (IDNA 2008 as UTS 46 maps it, non-transitional: `ß` and
/// `ς` stay what they are). ASCII labels, `_dmarc` and `xn--...` among them, only get their letters in lower case. The
/// answer depends on nothing but the name and the library's version of Unicode.
package enum ALabels {
    /// The longest label that is converted, in bytes: 63 code points of four bytes. It bounds the library's work.
    private static let labelSizeMax = 252
    /// The longest name that is converted, in bytes.
    private static let nameSizeMax = 1_024

    /// The name with each U-label as an A-label, in lower case; nil if one of them has none, or makes more than
    /// letters, digits, hyphens and underscores. Of a name in ASCII nothing is asked.
    package static func name(_ given: some StringProtocol) -> String? {
        let bytes = Array(given.utf8)
        guard !bytes.allSatisfy({ $0 < 0x80 }) else { return lowercased(bytes[...]) }
        guard bytes.count <= nameSizeMax else { return nil }
        var labels: [String] = []
        for label in bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard let converted = label.allSatisfy({ $0 < 0x80 }) ? lowercased(label) : converted(label) else {
                return nil
            }
            labels.append(converted)
        }
        return labels.joined(separator: ".")
    }

    /// An address with its domain in A-labels; what has no at sign, or a domain that cannot be converted, as it stands.
    package static func address(_ text: String) -> String {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return text }
        let domain = text[text.utf8.index(after: at)...]
        guard !domain.utf8.allSatisfy({ $0 < 0x80 }), let name = name(domain) else { return text }
        return "\(text[..<at])@\(name)"
    }

    /// The name with each A-label as people read it: as it stands where that is not possible.
    package static func unicode(_ name: String) -> String {
        guard name.utf8.count <= nameSizeMax, !name.utf8.contains(0) else { return name }
        return unsafe name.withCString { text in
            var output: UnsafeMutablePointer<CChar>?
            guard unsafe idn2_to_unicode_8z8z(text, &output, 0) == IDN2_OK.rawValue, let output = unsafe output else {
                return name
            }
            defer { unsafe idn2_free(output) }
            return unsafe String(cString: output)
        }
    }

    private static func lowercased(_ label: ArraySlice<UInt8>) -> String {
        String(decoding: label.map { UInt8.capitals.contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func converted(_ label: ArraySlice<UInt8>) -> String? {
        guard label.count <= labelSizeMax, !label.contains(0) else { return nil }
        // Without IDN2_USE_STD3_ASCII_RULES, which would take underscores away and say nothing.
        let flags = Int32(truncatingIfNeeded: IDN2_NFC_INPUT.rawValue | IDN2_NONTRANSITIONAL.rawValue)
        let converted: String? = unsafe (Array(label) + [0]).withUnsafeBufferPointer { text in
            var output: UnsafeMutablePointer<UInt8>?
            guard unsafe idn2_lookup_u8(text.baseAddress, &output, flags) == IDN2_OK.rawValue,
                let output = unsafe output
            else { return nil }
            defer { unsafe idn2_free(output) }
            return unsafe String(cString: output)
        }
        // Full stops of other scripts part labels too; all else that UTS 46 makes of a character must be a host's.
        guard let converted, converted.utf8.allSatisfy(isOfHostName) else { return nil }
        return converted
    }

    private static func isOfHostName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
