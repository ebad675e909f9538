import Ledger

/// Reads an address list (RFC 5322 §3.4 and §4.4) from its first byte to its last, one element after the other.
struct AddressParser {
    typealias Reason = UnusableAddress.Reason

    private(set) var entries: [AddressList.Entry] = []
    private(set) var groups: [AddressList.Group] = []
    private(set) var findings: Set<AddressList.Finding> = []
    private var scanner: StructuredFieldScanner
    /// The group that is open: its name, and the place of its first member.
    private var openGroup: (name: String, first: Int)?

    init(_ body: ArraySlice<UInt8>) { scanner = StructuredFieldScanner(body) }

    /// What stands between two separators.
    private enum Element {
        case nothing
        case mailbox(Mailbox)
        /// The name of a group, whose members follow.
        case groupName(String)
    }

    /// Reads the list, or so much of it.
    mutating func parse(atMost countMax: Int) {
        var isBehindComma = false
        while true {
            guard entries.count + groups.count < countMax else {
                findings.insert(.tooManyAddresses)
                break
            }
            let start = scanner.position
            do throws(Reason) {
                switch try element() {
                case .nothing:
                    if isBehindComma || scanner.next == UInt8(ascii: ",") { findings.insert(.emptyElement) }
                case .mailbox(let mailbox): entries.append(.mailbox(mailbox))
                case .groupName(let name):
                    openGroup = (name, entries.count)
                    isBehindComma = false
                    continue
                }
            } catch {
                passOverUnusable(from: start, error)
            }
            closeGroup()
            guard scanner.take(",") else { break }
            isBehindComma = true
        }
        if let group = openGroup {
            findings.insert(.unclosedGroup)
            groups.append(AddressList.Group(displayName: group.name, members: group.first..<entries.count))
            openGroup = nil
        }
    }

    /// Takes the semicolon that ends the open group. Behind it only a comma or the end may follow.
    private mutating func closeGroup() {
        guard let group = openGroup, scanner.take(";") else { return }
        groups.append(AddressList.Group(displayName: group.name, members: group.first..<entries.count))
        openGroup = nil
        let start = scanner.position
        do throws(Reason) {
            try skipCFWS()
            guard isAtSeparator else { throw .trailingText }
        } catch {
            passOverUnusable(from: start, error)
        }
    }

    private var isAtSeparator: Bool {
        switch scanner.next {
        case nil, UInt8(ascii: ","): true
        case UInt8(ascii: ";"): openGroup != nil
        default: false
        }
    }

    /// Keeps what begins at `start` as unusable, and moves to the next separator.
    private mutating func passOverUnusable(from start: Int, _ reason: Reason) {
        do throws(StructuredFieldScanner.Defect) {
            while let byte = scanner.next, !isAtSeparator {
                switch byte {
                case UInt8(ascii: "\""): _ = try scanner.quotedString()
                case UInt8(ascii: "("): try scanner.skipComment()
                default: scanner.skipByte()
                }
            }
        } catch {
            scanner.skipToEnd()
        }
        var raw = scanner.slice(start, scanner.position).drop(while: ASCII.isFoldingSpace)
        while let last = raw.last, ASCII.isFoldingSpace(last) { raw.removeLast() }
        entries.append(.unusable(UnusableAddress(reason: reason, raw: Array(raw))))
    }

    private mutating func skipCFWS() throws(Reason) {
        do throws(StructuredFieldScanner.Defect) {
            try scanner.skipCFWS()
        } catch {
            throw Self.reason(error)
        }
    }

    private static func reason(_ defect: StructuredFieldScanner.Defect) -> Reason {
        switch defect {
        case .unterminatedComment: .unterminatedComment
        case .unterminatedQuotedString: .unterminatedQuotedString
        }
    }
}

extension AddressParser {
    /// A mailbox or the start of a group; the scanner then stands at a separator, or behind the group's colon.
    private mutating func element() throws(Reason) -> Element {
        let words = try words()
        switch scanner.next {
        case UInt8(ascii: "<"):
            let name = displayName(words)
            return .mailbox(try angleAddress(name))
        case UInt8(ascii: "@"):
            let mailbox = try addressSpecification(words, displayName: nil)
            guard isAtSeparator else { throw .trailingText }
            return .mailbox(mailbox)
        case UInt8(ascii: ":"):
            guard openGroup == nil else { throw .nestedGroup }
            guard let name = displayName(words) else { throw .groupWithoutName }
            scanner.skipByte()
            return .groupName(name)
        default:
            guard isAtSeparator else { throw .unexpectedByte }
            guard words.isEmpty else { throw .noAtSign }
            return .nothing
        }
    }

    /// The words and dots that come next, and the white space and comments around them.
    private mutating func words() throws(Reason) -> AddressWords {
        var words = AddressWords()
        do throws(StructuredFieldScanner.Defect) {
            while true {
                let isSpaced = try scanner.skipCFWS()
                if scanner.take(".") {
                    words.appendDot(isSpaced: isSpaced)
                } else if scanner.next == UInt8(ascii: "\"") {
                    words.append(word: try scanner.quotedString(), isQuoted: true, isSpaced: isSpaced)
                } else {
                    let atom = scanner.take(while: ASCII.isAtomText)
                    guard !atom.isEmpty else { return words }
                    words.append(word: atom, isQuoted: false, isSpaced: isSpaced)
                }
            }
        } catch {
            throw Self.reason(error)
        }
    }

    /// The words as a display name; nil if there are none.
    private mutating func displayName(_ words: AddressWords) -> String? {
        guard !words.isEmpty else { return nil }
        // A dot is no part of a word: RFC 5322 §4.1 allows it for old times' sake.
        if words.hasDot { findings.insert(.obsoletePhrase) }
        let plain = words.phrase.filter { !ASCII.isControl($0) && $0 != 0x0D && $0 != 0x0A }
        if plain.count < words.phrase.count { findings.insert(.displayNameBytes) }
        if let name = String(validating: plain, as: UTF8.self) { return name }
        findings.insert(.displayNameBytes)
        return String(decoding: plain, as: UTF8.self)
    }

    /// `"<" [obs-route] addr-spec ">"`, up to a separator.
    private mutating func angleAddress(_ displayName: String?) throws(Reason) -> Mailbox {
        scanner.skipByte()
        try skipCFWS()
        if scanner.next == UInt8(ascii: "@") || scanner.next == UInt8(ascii: ",") { try skipRoute() }
        let words = try words()
        if words.isEmpty, scanner.next == UInt8(ascii: ">") { throw .emptyAddress }
        guard scanner.next == UInt8(ascii: "@") else { throw words.isEmpty ? .unexpectedByte : .noAtSign }
        let mailbox = try addressSpecification(words, displayName: displayName)
        guard scanner.take(">") else { throw .unclosedAngleBracket }
        try skipCFWS()
        guard isAtSeparator else { throw .trailingText }
        return mailbox
    }

    /// The obs-route of RFC 5322 §4.4: domains, each behind an at-sign, with commas between and a colon at the end.
    private mutating func skipRoute() throws(Reason) {
        findings.insert(.obsoleteRoute)
        while true {
            try skipCFWS()
            if scanner.take(",") { continue }
            if scanner.take("@") {
                _ = try domain()
                guard scanner.next == UInt8(ascii: ",") || scanner.next == UInt8(ascii: ":") else { throw .routeSyntax }
                continue
            }
            guard scanner.take(":") else { throw .routeSyntax }
            return
        }
    }

    /// `local-part "@" domain`, of which the local part is read already; comments and white space behind it are taken.
    private mutating func addressSpecification(
        _ words: AddressWords, displayName: String?
    ) throws(Reason) -> Mailbox {
        guard words.hasWord, !words.hasAdjacentWords else { throw .localPartSyntax }
        guard !words.hasQuotedControl else { throw .controlByte }
        guard let localPart = String(validating: words.localPart, as: UTF8.self) else { throw .notUTF8 }
        if words.isObsolete { findings.insert(.obsoleteSpacing) }
        if words.hasMisplacedDot { findings.insert(.localPartDots) }
        if words.localPart.count > Mailbox.localPartSizeMax { findings.insert(.localPartTooLong) }
        scanner.skipByte()
        return Mailbox(displayName: displayName, localPart: localPart, domain: try domain())
    }

    /// The domain, and the comments and white space around it.
    private mutating func domain() throws(Reason) -> Mailbox.Domain {
        try skipCFWS()
        if scanner.next == UInt8(ascii: "[") { return try domainLiteral() }
        var name: [UInt8] = []
        while true {
            let atom = scanner.take(while: ASCII.isAtomText)
            guard !atom.isEmpty else { throw .domainSyntax }
            name += atom
            let end = scanner.position
            try skipCFWS()
            let dot = scanner.position
            guard scanner.take(".") else { break }
            try skipCFWS()
            name.append(UInt8(ascii: "."))
            if dot > end || scanner.position > dot + 1 { findings.insert(.obsoleteSpacing) }
        }
        return try Self.domain(name)
    }

    private static func domain(_ name: [UInt8]) throws(Reason) -> Mailbox.Domain {
        guard let text = String(validating: name, as: UTF8.self) else { throw .notUTF8 }
        let isASCII = name.allSatisfy { $0 < 0x80 }
        guard isASCII || ALabels.name(text) != nil else { return .internationalized(text) }
        // No label is empty here, so a name that is none is too long.
        guard let domain = DomainName(internationalized: text) else { throw .domainTooLong }
        // RFC 5321 §4.1.2 asks for a host name; the other signs of an atom do harm in what is written of it.
        guard domain.isHostName else { throw .domainSyntax }
        return .name(domain)
    }

    /// `"[" *([FWS] dtext) [FWS] "]"` (RFC 5322 §3.4.1), kept without its white space.
    private mutating func domainLiteral() throws(Reason) -> Mailbox.Domain {
        scanner.skipByte()
        var literal: [UInt8] = [UInt8(ascii: "[")]
        while !scanner.take("]") {
            guard let byte = scanner.next else { throw .unterminatedDomainLiteral }
            guard byte != UInt8(ascii: "["), byte != UInt8(ascii: "\\") else { throw .domainSyntax }
            guard !ASCII.isControl(byte) else { throw .controlByte }
            if !ASCII.isFoldingSpace(byte) { literal.append(byte) }
            scanner.skipByte()
        }
        literal.append(UInt8(ascii: "]"))
        guard let text = String(validating: literal, as: UTF8.self) else { throw .notUTF8 }
        try skipCFWS()
        return .literal(text)
    }
}
