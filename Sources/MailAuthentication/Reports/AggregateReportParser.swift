import Ledger

/// Walks down a report's elements. Order is free everywhere; what is unknown is counted and passed over.
struct AggregateReportParser {
    var reader: XMLReader
    let limits: AggregateReport.Limits
    private var report = AggregateReport()
    /// Whether elements that only RFC 9990 has were met.
    var usesRFC9990 = false

    init(_ xml: [UInt8], limits: AggregateReport.Limits) throws(ReportRejection) {
        reader = try XMLReader(xml, limits: limits.document)
        self.limits = limits
    }

    /// Whether the report says that it follows RFC 9990.
    var isRFC9990: Bool { report.namespace == AggregateReport.namespaceRFC9990 }

    /// The report of the whole document.
    mutating func read() throws(ReportRejection) -> AggregateReport {
        guard case .start? = try reader.next() else { throw .notXML }
        guard ReportElement(reader.bytes, reader.name.local) == .feedback else { throw .notAReport }
        report.namespace = reader.namespace.map { String(decoding: $0, as: UTF8.self) }
        var seen = ReportElementSet()
        while let element = try child() {
            switch element {
            case .record: try takeRow()
            case .extension: try skipExtension()
            default:
                try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                    switch element {
                    case .version: self.report.version = try self.text()
                    case .reportMetadata: self.report.metadata = try self.metadata()
                    case .policyPublished: self.report.policy = try self.publishedPolicy()
                    default: try self.skipUnknown()
                    }
                }
            }
        }
        // What follows the root element.
        _ = try reader.next()
        guard seen.contains(.reportMetadata) else { throw .reportIDMissing }
        guard report.policy.domain != nil else { throw .invalidPolicyDomain }
        noteForm()
        return report
    }

    private mutating func takeRow() throws(ReportRejection) {
        guard report.rows.count < limits.rowCountMax else { throw .tooManyRows }
        let row = try self.row()
        let (sum, isTooLarge) = report.messageCount.addingReportingOverflow(row.count)
        guard !isTooLarge, sum <= AggregateReport.numberMax else { throw .invalidCount }
        report.messageCount = sum
        report.rows.append(row)
    }

    /// Notes what the namespace and the version get wrong.
    private mutating func noteForm() {
        if let version = report.version, version != "1.0" { note(.unknownVersion) }
        switch report.namespace {
        case AggregateReport.namespaceRFC9990?: break
        case nil, AggregateReport.namespaceRFC7489?, ""?: if usesRFC9990 { note(.namespaceMissing) }
        default: note(.unknownNamespace)
        }
    }
}

/// The steps that all elements are read with.
extension AggregateReportParser {
    mutating func note(_ repair: ReportRepair) { reader.repairs.note(repair) }

    /// The next child of the open element, which is opened with it; nil when the open element ends.
    ///
    /// Elements without a known name are passed over here. Text between elements says nothing.
    mutating func child() throws(ReportRejection) -> ReportElement? {
        while let event = try reader.next() {
            switch event {
            case .start:
                if let element = ReportElement(reader.bytes, reader.name.local) { return element }
                try skipUnknown()
            case .text: continue
            case .end: return nil
            }
        }
        return nil
    }

    /// Passes over the open element, which has no place here.
    mutating func skipUnknown() throws(ReportRejection) {
        note(.unknownElement)
        report.unknownElementCount += try skip() + 1
    }

    /// Passes over what others added (RFC 9990 §3.1.1.2); it is no repair.
    mutating func skipExtension() throws(ReportRejection) {
        usesRFC9990 = true
        report.extensionElementCount += try skip()
    }

    /// Passes over the open element; the elements inside are counted.
    private mutating func skip() throws(ReportRejection) -> Int {
        var (depth, count) = (1, 0)
        while depth > 0, let event = try reader.next() {
            switch event {
            case .start:
                depth += 1
                count += 1
            case .end: depth -= 1
            case .text: break
            }
        }
        return count
    }

    /// Reads the open element with `take` if it is the first of its kind, else passes over it.
    mutating func takeOnce(
        _ element: ReportElement, _ seen: inout ReportElementSet,
        _ take: (inout AggregateReportParser) throws(ReportRejection) -> Void
    ) throws(ReportRejection) {
        guard seen.insert(element) else {
            note(.repeatedElement)
            _ = try skip()
            return
        }
        try take(&self)
    }

    /// The text of the open element, without the white space around it; cut if it is too long.
    mutating func text() throws(ReportRejection) -> String {
        String(decoding: try trimmedText(), as: UTF8.self)
    }

    private mutating func trimmedText() throws(ReportRejection) -> ArraySlice<UInt8> {
        let text = try rawText()
        var (start, end) = (text.startIndex, text.endIndex)
        while start < end, XMLReader.isSpace(text[start]) { start += 1 }
        while end > start, XMLReader.isSpace(text[end - 1]) { end -= 1 }
        return text[start..<end]
    }

    /// The text of the open element as it stands; cut if it is too long.
    mutating func rawText() throws(ReportRejection) -> ArraySlice<UInt8> {
        var text: ArraySlice<UInt8> = []
        while let event = try reader.next() {
            switch event {
            case .start: try skipUnknown()
            // Nearly always there is one piece, which is not copied.
            case .text where text.isEmpty && reader.piece.count <= limits.textSizeMax: text = reader.piece
            case .text: append(reader.piece, to: &text)
            case .end: return text
            }
        }
        return text
    }

    private mutating func append(_ piece: ArraySlice<UInt8>, to text: inout ArraySlice<UInt8>) {
        let room = limits.textSizeMax - text.count
        guard piece.count > room else {
            text += piece
            return
        }
        note(.longText)
        // Not inside a character.
        var end = piece.startIndex + max(0, room)
        while end > piece.startIndex, end < piece.endIndex, piece[end] & 0xC0 == 0x80 { end -= 1 }
        text += piece[..<end]
    }

    /// The word in the open element; nil if it is empty, or, which is noted, none of the list.
    mutating func word<Word: RawRepresentable<String>>(_: Word.Type = Word.self) throws(ReportRejection) -> Word? {
        let text = try text()
        // Nearly all write the words as they are listed.
        if let word = Word(rawValue: text) { return word }
        let word = Word(rawValue: String(decoding: text.utf8.map(ASCII.lowercased), as: UTF8.self))
        if word == nil, !text.isEmpty { note(.unknownWord) }
        return word
    }

    /// The number in the open element: digits only, at most `max`; nil if there is none.
    mutating func number(max: Int64) throws(ReportRejection) -> Int64? {
        WholeNumber.readPadded(try trimmedText(), max: Int(max)).map(Int64.init)
    }
}
