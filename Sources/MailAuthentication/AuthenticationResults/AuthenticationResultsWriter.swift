/// Writes an `Authentication-Results` field that reads back as what was meant (RFC 8601 §2.2), or refuses.
///
/// Everything that comes from mail may be hostile. A keyword that is none, a control, or a separator of lines is
/// refused; all else that is no plain token goes into quotes. So no value can end its own place, the result or the
/// field.
package enum AuthenticationResultsWriter {
    /// What cannot be written: a closed list.
    package enum Refusal: String, Error, Hashable, Sendable, CaseIterable {
        case emptyAuthservID = "empty_authserv_id"
        /// A method, result, ptype or property that is no keyword in lower case (RFC 5321 §4.1.2).
        case keyword
        /// A control, or a separator of lines or paragraphs, of ASCII or beyond.
        case controlByte = "control_byte"
        /// A value longer than ``AuthenticationResultsWriter/valueSizeMax``.
        case tooLong = "too_long"
        /// More than the reader takes: see the limits of ``AuthenticationResults``.
        case tooManyResults = "too_many_results"
        /// A version that is below 1 or has more than six digits.
        case version
    }

    /// The longest value, in bytes: in quotes, with each byte escaped and a keyword before it, it stays below the 998
    /// bytes of a line (RFC 5322 §2.1.1).
    package static let valueSizeMax = 400
    /// The longest keyword, in bytes.
    package static let keywordSizeMax = 63
    /// The name of the field.
    package static let name = "Authentication-Results"

    private static let versionMax = 999_999

    /// The whole field, from its name to its CRLF; each result and each of its parts stands on a line of its own.
    package static func field(_ content: AuthenticationResults) throws(Refusal) -> [UInt8] {
        guard !content.authservID.isEmpty else { throw .emptyAuthservID }
        guard content.results.count <= AuthenticationResults.resultsMax else { throw .tooManyResults }
        var field = "\(name): \(try value(content.authservID))"
        if content.results.isEmpty { field += "; none" }
        for result in content.results { field += ";\r\n    \(try text(of: result))" }
        guard field.utf8.count <= AuthenticationResults.sizeMax else { throw .tooLong }
        return Array((field + "\r\n").utf8)
    }

    private static func text(of result: AuthenticationResults.MethodResult) throws(Refusal) -> String {
        guard (1...versionMax).contains(result.methodVersion) else { throw .version }
        guard result.properties.count <= AuthenticationResults.propertiesMax else { throw .tooManyResults }
        var text = try keyword(result.method)
        if result.methodVersion != 1 { text += "/\(result.methodVersion)" }
        text += "=\(try keyword(result.result))"
        if let reason = result.reason { text += "\r\n      reason=\(try value(reason))" }
        for property in result.properties {
            let name = "\(try keyword(property.type)).\(try keyword(property.name))"
            text += "\r\n      \(name)=\(try value(property.value, isAddressAllowed: true))"
        }
        return text
    }

    private static func keyword(_ word: String) throws(Refusal) -> String {
        let isKeyword =
            !word.isEmpty && word.utf8.count <= keywordSizeMax && word.utf8.last != UInt8(ascii: "-")
            && word.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || ASCII.isDigit(byte)
                    || byte == UInt8(ascii: "-")
            }
        guard isKeyword else { throw .keyword }
        return word
    }

    /// A value as a token or an address where it is one, else in quotes.
    private static func value(_ value: String, isAddressAllowed: Bool = false) throws(Refusal) -> String {
        let bytes = Array(value.utf8)
        guard bytes.count <= valueSizeMax else { throw .tooLong }
        guard !value.unicodeScalars.contains(where: isControl) else { throw .controlByte }
        // Octets outside ASCII are safer in quotes: RFC 8616 §4 allows them bare, older readers do not.
        let isPlain = { (bytes: [UInt8]) in bytes.allSatisfy { $0 < 0x80 && ASCII.isTokenText($0) } }
        if !bytes.isEmpty, isPlain(bytes) { return value }
        // Likewise signs such as the equals sign, which an atom may hold and a token not.
        let isPlainAddress = isPlain(bytes.filter { $0 != UInt8(ascii: "@") })
        if isAddressAllowed, isPlainAddress, AuthenticationResultsParser.isAddress(bytes[...]) { return value }
        return QuotedString.written(value)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
