/// A pull parser for the XML that reports are written in (XML 1.0, Namespaces in XML 1.0): small, bounded, linear.
///
/// It knows no document type, so nothing can be declared, expanded or fetched: a document with one is refused. What
/// reports get wrong in the field, and what can be mended without guessing, is mended and noted (``repairs``).
package struct XMLReader {
    /// How large a document may be.
    package struct Limits: Hashable, Sendable {
        /// The document, in bytes, before it is transcoded.
        package var sizeMax = 25_000_000
        /// How many elements there may be.
        package var elementCountMax = 200_000
        /// How deep elements may nest; reports need six.
        package var depthMax = 16
        /// How many attributes one element may have.
        package var attributeCountMax = 32

        package init() {}
    }

    /// Where a name stands in the document, its prefix apart.
    struct Name {
        /// Empty if there is none.
        var prefix = 0..<0
        var local = 0..<0
    }

    struct Attribute {
        let name: Name
        let value: [UInt8]
    }

    /// What the document says next; the reader's properties say the rest. An empty element has a start and an end.
    enum Event {
        /// An element began: its ``XMLReader/name`` and ``XMLReader/attributes``.
        case start
        /// A piece of text, ``XMLReader/piece``. One text may come in several.
        case text
        /// The last element that began and has not ended ends.
        case end
    }

    /// The longest name, in bytes.
    static let nameSizeMax = 256

    let bytes: [UInt8]
    let limits: Limits
    var position = 0
    var repairs: RepairList
    /// The name of the element that began last.
    private(set) var name = Name()
    /// The attributes of the element that began last.
    private(set) var attributes: [Attribute] = []
    /// The piece of text that was read last; references in it are resolved.
    private(set) var piece: ArraySlice<UInt8> = []
    /// The URI of the root element's namespace: that of its prefix, or the default one.
    private(set) var namespace: [UInt8]?
    private(set) var elementCount = 0
    /// Where the names of the open elements stand where they begin.
    private var open: [Range<Int>] = []
    private var sawDeclaration = false
    private var rootEnded = false
    /// Whether the element that began last is empty, and its end was not told yet.
    private var isEndPending = false

    init(_ document: [UInt8], limits: Limits = Limits()) throws(ReportRejection) {
        guard document.count <= limits.sizeMax else { throw .documentTooLarge }
        let transcoder = try XMLTranscoder(document)
        bytes = transcoder.text
        repairs = transcoder.repairs
        self.limits = limits
        try skipJunk()
    }

    /// The next event; nil behind the root element.
    mutating func next() throws(ReportRejection) -> Event? {
        if isEndPending {
            isEndPending = false
            return close()
        }
        while position < bytes.count, !rootEnded {
            if bytes[position] == UInt8(ascii: "<") {
                if let event = try markup() { return event }
            } else if open.isEmpty {
                skipProlog()
            } else {
                piece = try text()
                return .text
            }
        }
        guard rootEnded else { throw elementCount == 0 ? .notXML : .truncated }
        skipEpilog()
        return nil
    }

    /// Reads what begins with `<`; nil if it is nothing that the caller sees.
    private mutating func markup() throws(ReportRejection) -> Event? {
        switch position + 1 < bytes.count ? bytes[position + 1] : nil {
        case UInt8(ascii: "/"): return try endTag()
        case UInt8(ascii: "?"):
            if elementCount == 0, startsWith("<?xml") { sawDeclaration = true }
            try skip(past: "?>")
            return nil
        case UInt8(ascii: "!") where startsWith("<!--"):
            try skip(past: "-->")
            return nil
        case UInt8(ascii: "!"):
            guard startsWith("<![CDATA["), !open.isEmpty else { throw .documentType }
            piece = try characterData()
            return .text
        default: return try startTag()
        }
    }

    private mutating func startTag() throws(ReportRejection) -> Event? {
        position += 1
        let full = try readName()
        let attributes = peek == UInt8(ascii: ">") ? [] : try readAttributes()
        let isEmpty = peek == UInt8(ascii: "/")
        if isEmpty { position += 1 }
        guard peek == UInt8(ascii: ">") else { throw position < bytes.count ? .malformedTag : .truncated }
        position += 1
        let name = split(full)
        guard !isSchema(name) else { return nil }
        elementCount += 1
        guard elementCount <= limits.elementCountMax else { throw .tooManyElements }
        guard open.count < limits.depthMax else { throw .tooDeep }
        if open.isEmpty { namespace = uri(of: name.prefix, in: attributes) }
        open.append(full)
        self.name = name
        if !attributes.isEmpty || !self.attributes.isEmpty { self.attributes = attributes }
        isEndPending = isEmpty
        return .start
    }

    private mutating func endTag() throws(ReportRejection) -> Event? {
        position += 2
        // Nearly always it is the tag that is awaited.
        if let started = open.last, position + started.count < bytes.count,
            bytes[position + started.count] == UInt8(ascii: ">"),
            isEqual(started, position..<position + started.count)
        {
            position += started.count + 1
            return close()
        }
        let full = try readName()
        skipSpace()
        guard peek == UInt8(ascii: ">") else { throw position < bytes.count ? .malformedTag : .truncated }
        position += 1
        if let started = open.last, isEqual(started, full) { return close() }
        guard isSchema(split(full)) else { throw .mismatchedTag }
        return nil
    }

    private mutating func close() -> Event {
        open.removeLast()
        rootEnded = open.isEmpty
        return .end
    }

    /// Whether the tag is one of `xs:schema`, which some reporters paste into their reports (parsedmarc issue 69).
    private mutating func isSchema(_ name: Name) -> Bool {
        guard !name.prefix.isEmpty, isEqual(name.local, "schema") else { return false }
        repairs.note(.straySchema)
        return true
    }

    /// The URI that `attributes` bind to `prefix` (Namespaces in XML §3).
    private func uri(of prefix: Range<Int>, in attributes: [Attribute]) -> [UInt8]? {
        let declaration = attributes.first { attribute in
            prefix.isEmpty
                ? attribute.name.prefix.isEmpty && isEqual(attribute.name.local, "xmlns")
                : isEqual(attribute.name.prefix, "xmlns") && isEqual(attribute.name.local, prefix)
        }
        return declaration?.value
    }
}

extension XMLReader {
    /// Passes over what stands before the first markup.
    private mutating func skipJunk() throws(ReportRejection) {
        let head = bytes.prefix(XMLTranscoder.junkSizeMax)
        guard let start = head.firstIndex(of: UInt8(ascii: "<")) else { throw .notXML }
        position = start
        // White space may stand before the root element but not before the declaration (XML 1.0 §2.8).
        if !head[..<start].allSatisfy(Self.isSpace) || start > 0 && startsWith("<?xml") { repairs.note(.junkBefore) }
    }

    /// Passes over text outside the root element.
    private mutating func skipProlog() {
        let start = position
        position = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
        guard !bytes[start..<position].allSatisfy(Self.isSpace) else { return }
        repairs.note(sawDeclaration ? .textAfterDeclaration : .junkBefore)
    }

    /// Looks at what follows the root element: white space, comments and processing instructions may (XML 1.0 §2.8).
    private mutating func skipEpilog() {
        while position < bytes.count {
            skipSpace()
            guard position < bytes.count else { return }
            let isHarmless = startsWith("<!--") || startsWith("<?")
            if isHarmless, (try? skip(past: startsWith("<?") ? "?>" : "-->")) != nil { continue }
            repairs.note(isSchemaEnd ? .straySchema : .junkAfter)
            position = bytes.count
        }
    }

    private var isSchemaEnd: Bool {
        let tag = bytes[position...].prefix { $0 != UInt8(ascii: ">") }
        return tag.starts(with: "</".utf8) && tag.suffix(7).elementsEqual(":schema".utf8)
            && bytes[tag.endIndex...].dropFirst().allSatisfy(Self.isSpace)
    }
}
