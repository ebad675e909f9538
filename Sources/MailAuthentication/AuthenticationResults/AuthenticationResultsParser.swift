import Ledger

/// Reads the body of an `Authentication-Results` field (RFC 8601 §2.2), and the forms that are seen in the field.
struct AuthenticationResultsParser {
    typealias Refusal = AuthenticationResultsRefusal
    /// The largest number of a version.
    private static let versionMax = 999_999

    private(set) var deviations: Set<AuthenticationResultsDeviation> = []
    private var scanner: StructuredFieldScanner

    init(_ body: ArraySlice<UInt8>) { scanner = StructuredFieldScanner(body) }

    mutating func parse() throws(Refusal) -> AuthenticationResults {
        try skipCFWS()
        guard scanner.next != nil else { throw .empty }
        let authservID = try authservID()
        var results: [AuthenticationResults.MethodResult] = []
        if authservID.isEmpty { results.append(try methodResult()) }
        try parseResults(into: &results)
        return AuthenticationResults(authservID: authservID, results: results)
    }

    /// The authserv-id and the version behind it; empty, with nothing taken, where the field starts with a result.
    private mutating func authservID() throws(Refusal) -> String {
        let start = scanner.position
        let isQuoted = scanner.next == UInt8(ascii: "\"")
        let id = isQuoted ? try quotedString() : Array(scanner.take { Self.isLooseText($0) && $0 != UInt8(ascii: "=") })
        let isSpaced = try skipCFWS()
        if !isQuoted, scanner.next == UInt8(ascii: "=") {
            scanner.rewind(to: start)
            deviations.insert(.missingAuthservID)
            return ""
        }
        // An id is never empty: what is empty would be trusted by an empty configuration.
        guard !id.isEmpty else { throw .syntax }
        if !isQuoted, !id.allSatisfy(ASCII.isTokenText) { deviations.insert(.unquotedValue) }
        try checkVersion(isSpaced: isSpaced)
        return try text(id)
    }

    private mutating func checkVersion(isSpaced: Bool) throws(Refusal) {
        guard scanner.next != nil, scanner.next != UInt8(ascii: ";") else { return }
        guard isSpaced else { throw .syntax }
        guard try number(max: Self.versionMax) == AuthenticationResults.version else { throw .unsupportedVersion }
        try skipCFWS()
        guard scanner.next == nil || scanner.next == UInt8(ascii: ";") else { throw .syntax }
    }

    /// `no-result / 1*resinfo`: each part begins with a semicolon.
    private mutating func parseResults(into results: inout [AuthenticationResults.MethodResult]) throws(Refusal) {
        var saysNone = false
        while scanner.take(";") {
            try skipCFWS()
            guard scanner.next != nil, scanner.next != UInt8(ascii: ";") else {
                deviations.insert(.emptyResult)
                continue
            }
            guard !saysNone else { throw .syntax }
            if results.isEmpty, try takeNone() {
                saysNone = true
                continue
            }
            guard results.count < AuthenticationResults.resultsMax else { throw .tooManyResults }
            results.append(try methodResult())
        }
        guard scanner.next == nil else { throw .syntax }
        if results.isEmpty, !saysNone { deviations.insert(.noResults) }
    }

    /// Takes the word that says that nothing was checked; a method of that name has an equals sign behind it.
    private mutating func takeNone() throws(Refusal) -> Bool {
        let start = scanner.position
        let word = scanner.take(while: Self.isKeywordText)
        try skipCFWS()
        if ASCII.equal(word, "none"), scanner.next == nil || scanner.next == UInt8(ascii: ";") { return true }
        scanner.rewind(to: start)
        return false
    }

    /// `methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]`, up to a semicolon or the end.
    private mutating func methodResult() throws(Refusal) -> AuthenticationResults.MethodResult {
        let method = try keyword()
        try skipCFWS()
        var version = 1
        if scanner.take("/") {
            try skipCFWS()
            version = try number(max: Self.versionMax)
            try skipCFWS()
        }
        guard scanner.take("=") else { throw .syntax }
        try skipCFWS()
        let result = try keyword()
        var reason: String?
        var properties: [AuthenticationResults.Property] = []
        while true {
            let isSpaced = try skipCFWS()
            guard scanner.next != nil, scanner.next != UInt8(ascii: ";") else { break }
            if !isSpaced { deviations.insert(.missingSpace) }
            try parsePart(&reason, &properties)
            guard properties.count <= AuthenticationResults.propertiesMax else { throw .tooManyResults }
        }
        return AuthenticationResults.MethodResult(
            method: method, methodVersion: version, result: result, reason: reason, properties: properties)
    }

    /// A reason, a property, or what looks like a property without its type.
    private mutating func parsePart(
        _ reason: inout String?, _ properties: inout [AuthenticationResults.Property]
    ) throws(Refusal) {
        let word = try keyword()
        try skipCFWS()
        if scanner.take(".") {
            try skipCFWS()
            let name = try keyword(allowing: UInt8(ascii: "."))
            try skipCFWS()
            guard scanner.take("=") else { throw .syntax }
            properties.append(AuthenticationResults.Property(type: word, name: name, value: try value()))
        } else {
            guard scanner.take("=") else { throw .syntax }
            let value = try value(isAddressAllowed: false)
            guard word == "reason" else {
                deviations.insert(.propertyWithoutType)
                return
            }
            if reason != nil || !properties.isEmpty { deviations.insert(.misplacedReason) }
            reason = reason ?? value
        }
    }
}

extension AuthenticationResultsParser {
    /// Letters, digits and hyphens (the Keyword of RFC 5321 §4.1.2), and the underscore, which is a deviation.
    private static func isKeywordText(_ byte: UInt8) -> Bool {
        ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    /// What can stand in a value without quotes when nobody asks for tokens.
    private static func isLooseText(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && !"();\"\\".utf8.contains(byte)
    }

    /// A keyword in lower case.
    private mutating func keyword(allowing extra: UInt8? = nil) throws(Refusal) -> String {
        let word = scanner.take { Self.isKeywordText($0) || $0 == extra }
        guard let last = word.last else { throw .syntax }
        if last == UInt8(ascii: "-") || word.contains(UInt8(ascii: "_")) || extra.map(word.contains) == true {
            deviations.insert(.keyword)
        }
        return String(decoding: word.map(ASCII.lowercased), as: UTF8.self)
    }

    private mutating func number(max: Int) throws(Refusal) -> Int {
        let digits = scanner.take(while: ASCII.isDigit)
        guard !digits.isEmpty else { throw .syntax }
        guard let number = WholeNumber.readPadded(digits, max: max) else { throw .unsupportedVersion }
        return number
    }

    /// `value`, or the `pvalue` of a property, which may also be an address or its end, with a local part that may be
    /// quoted.
    private mutating func value(isAddressAllowed: Bool = true) throws(Refusal) -> String {
        try skipCFWS()
        if scanner.next == UInt8(ascii: "\"") {
            let content = try text(try quotedString())
            guard isAddressAllowed, scanner.next == UInt8(ascii: "@") else { return content }
            let domain = scanner.take(while: Self.isLooseText)
            if !Self.isAddress(domain) { deviations.insert(.unquotedValue) }
            return Mailbox.written(content) + (try text(Array(domain)))
        }
        let word = scanner.take(while: Self.isLooseText)
        if word.isEmpty { deviations.insert(.emptyValue) }
        if !word.allSatisfy(ASCII.isTokenText), !(isAddressAllowed && Self.isAddress(word)) {
            deviations.insert(.unquotedValue)
        }
        return try text(Array(word))
    }

    /// `[ [ local-part ] "@" ] domain-name` (RFC 8601 §2.2), with a local part that is not quoted.
    static func isAddress(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let at = bytes.lastIndex(of: UInt8(ascii: "@")) else { return false }
        let localPart = bytes[..<at]
        let isLocalPart =
            localPart.isEmpty
            || localPart.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
                .allSatisfy { !$0.isEmpty && $0.allSatisfy(ASCII.isAtomText) }
        let labels = bytes[(at + 1)...].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return isLocalPart
            && labels.allSatisfy { label in
                !label.isEmpty && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                    && label.allSatisfy { $0 >= 0x80 || isKeywordText($0) }
            }
    }

    private func text(_ bytes: [UInt8]) throws(Refusal) -> String {
        guard !bytes.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { throw .controlByte }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    private mutating func quotedString() throws(Refusal) -> [UInt8] {
        do throws(StructuredFieldScanner.Defect) {
            return try scanner.quotedString()
        } catch {
            throw Self.refusal(error)
        }
    }

    @discardableResult
    private mutating func skipCFWS() throws(Refusal) -> Bool {
        do throws(StructuredFieldScanner.Defect) {
            return try scanner.skipCFWS()
        } catch {
            throw Self.refusal(error)
        }
    }

    private static func refusal(_ defect: StructuredFieldScanner.Defect) -> Refusal {
        switch defect {
        case .unterminatedComment: .unterminatedComment
        case .unterminatedQuotedString: .unterminatedQuotedString
        }
    }
}
