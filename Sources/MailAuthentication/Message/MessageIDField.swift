/// The Message-ID of a message (RFC 5322 §3.6.4), read with tolerance: many are not by the grammar.
package struct MessageIDField: Hashable, Sendable {
    /// The longest identifier, in bytes with its brackets: a line of a message (RFC 5322 §2.1.1).
    package static let sizeMax = 998
    /// So many fields are read. A message has one.
    package static let fieldsMax = 10

    /// What the field is, other than one msg-id by the grammar.
    package enum Finding: String, Error, Hashable, Sendable, CaseIterable {
        case noField = "no_message_id_field"
        case multipleFields = "multiple_message_id_fields"
        /// At least one field holds no identifier: empty, too long, or with bytes that an identifier cannot hold.
        case unusable
        case noAngleBrackets = "no_angle_brackets"
        case noAtSign = "no_at_sign"
        /// Something stands behind the identifier. It was left out.
        case trailingText = "trailing_text"
        /// White space inside the brackets (§4.5.4, obs-id-left and obs-id-right). It was left out.
        case innerSpace = "inner_space"
        /// Signs that stand in no `id-left` or `id-right`.
        case syntax
    }

    /// The identifiers of the fields from the top, each with its angle brackets.
    package let ids: [String]
    /// Each at most once, in the order of their declaration.
    package let findings: [Finding]

    /// The Message-ID of `message`.
    package init(_ message: RawMessage) { self.init(fields: message.fields(named: "message-id")) }

    /// The identifiers in `fields`, which are all Message-ID fields of a message, from the top.
    package init(fields: [HeaderField]) {
        var found: Set<Finding> = []
        if fields.isEmpty { found.insert(.noField) }
        if fields.count > 1 { found.insert(.multipleFields) }
        var ids: [String] = []
        for field in fields.prefix(Self.fieldsMax) {
            if let id = Self.identifier(in: field.body, &found) { ids.append(id) } else { found.insert(.unusable) }
        }
        self.ids = ids
        findings = Finding.allCases.filter(found.contains)
    }

    /// The identifier, if there is one field and it holds one.
    package var id: String? { ids.count == 1 && !findings.contains(.multipleFields) ? ids.first : nil }

    private static func identifier(in body: ArraySlice<UInt8>, _ found: inout Set<Finding>) -> String? {
        var scanner = StructuredFieldScanner(body)
        guard (try? scanner.skipCFWS()) != nil else { return nil }
        let hasBrackets = scanner.take("<")
        let isInner = { (byte: UInt8) in byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">") }
        var inner = Array(hasBrackets ? scanner.take(while: isInner) : scanner.take(while: Self.isVisible))
        if hasBrackets {
            guard scanner.take(">") else { return nil }
            let visible = inner.filter { !ASCII.isFoldingSpace($0) }
            if visible.count < inner.count {
                // Within a quoted string white space counts, and an identifier with white space is of no use.
                guard !inner.contains(UInt8(ascii: "\"")) else { return nil }
                found.insert(.innerSpace)
            }
            inner = visible
        } else {
            found.insert(.noAngleBrackets)
        }
        if (try? scanner.skipCFWS()) == nil || scanner.next != nil {
            // Without brackets nothing says which of several words is meant.
            guard hasBrackets else { return nil }
            found.insert(.trailingText)
        }
        guard !inner.isEmpty, inner.count <= sizeMax - 2, inner.allSatisfy(isVisible),
            let text = String(validating: inner, as: UTF8.self)
        else { return nil }
        judge(inner, &found)
        return "<\(text)>"
    }

    private static func isVisible(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">")
    }

    /// Compares with `dot-atom-text "@" (dot-atom-text / no-fold-literal)`.
    private static func judge(_ inner: [UInt8], _ found: inout Set<Finding>) {
        guard let at = inner.lastIndex(of: UInt8(ascii: "@")) else {
            found.insert(.noAtSign)
            return
        }
        let right = inner[(at + 1)...]
        let isLiteral =
            right.count > 1 && right.first == UInt8(ascii: "[") && right.last == UInt8(ascii: "]")
            && !right.dropFirst().dropLast().contains { "[]\\".utf8.contains($0) }
        if !isDotAtom(inner[..<at]) || !isLiteral && !isDotAtom(right) { found.insert(.syntax) }
    }

    private static func isDotAtom(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty && atom.allSatisfy(ASCII.isAtomText)
        }
    }
}
