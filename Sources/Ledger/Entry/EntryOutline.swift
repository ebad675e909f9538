package import Cryptography

/// What a line says, as numbers and as places in it: the envelope, judged, without a string or a tree. Verification
/// reads lines by it, and ``Entry`` is built on it.
package struct EntryOutline: Sendable {
    package typealias Token = CanonicalScanner.Token

    package let seq: Int
    /// The leaf hash of the entry before this one.
    package let previous: Digest
    package let recordedAt: Timestamp
    package let occurredAt: Timestamp?
    /// The 16 bytes as a big-endian number.
    package let idempotencyTag: UInt128?
    package let format: Token
    package let ledger: Token
    package let kind: Token
    package let outcome: Token
    package let reporterID: Token
    package let via: Token
    package let messageID: Token?
    /// As in the line; the column holds it in lower case.
    package let sender: Token?
    package let oversightMode: Token?
    package let actor: Token?
    package let runID: Token?
    package let data: Token?
    package let workflow: Token?
    /// Whether `data` has members that further keys follow from.
    package let hasAliasesOrLinks: Bool
    private let sealed: Int?
    private let subjects: Int?

    /// Reads a line strictly: exactly the canonical bytes are accepted. The places are those of `scanner`'s tokens.
    package init(_ line: Span<UInt8>, _ scanner: inout CanonicalScanner) throws(Entry.Fault) {
        guard scanner.scan(line) else { throw Self.fault(of: line) }
        let tokens = scanner.tokens
        let members = EntryMembers(tokens, line)
        func place(of name: StaticString, in object: Int?) -> Int? {
            object.flatMap { tokens.place(of: name, at: $0, in: line) }
        }
        func text(_ place: Int?, _ name: String) throws(Entry.Fault) -> Token {
            guard let text = tokens.text(at: place) else { throw .envelope(name) }
            return text
        }
        func timestamp(_ place: Int?, _ name: String) throws(Entry.Fault) -> Timestamp {
            guard let timestamp = Timestamp(canonical: line.extracting(try text(place, name).range)) else {
                throw .envelope(name)
            }
            return timestamp
        }
        format = try text(members[.format], "format")
        ledger = try text(members[.ledger], "ledger")
        kind = try text(members[.kind], "kind")
        outcome = try text(members[.outcome], "outcome")
        guard let seq = tokens.number(at: members[.seq], in: line), seq >= 0 else { throw .envelope("seq") }
        self.seq = seq
        guard let previous = Digest(hex: line.extracting(try text(members[.prev], "prev").range)) else {
            throw .envelope("prev")
        }
        self.previous = previous
        recordedAt = try timestamp(members[.recordedAt], "recorded_at")
        let reporter = members[.reporter]
        guard let id = tokens.text(at: place(of: "id", in: reporter)),
            let via = tokens.text(at: place(of: "via", in: reporter))
        else { throw .envelope("reporter") }
        (reporterID, self.via) = (id, via)
        guard tokens.tag(at: members[.nonce], in: line) != nil else { throw .envelope("nonce") }
        idempotencyTag = tokens.tag(at: members[.idempotency], in: line)
        guard members[.idempotency] == nil || idempotencyTag != nil else { throw .envelope("idempotency") }
        messageID = tokens.text(at: members[.messageID])
        sender = tokens.text(at: members[.sender])
        oversightMode = tokens.text(at: members[.oversightMode])
        actor = tokens.text(at: place(of: "id", in: members[.actor]))
        runID = tokens.text(at: place(of: "run_id", in: members[.workflow]))
        occurredAt = members[.occurredAt] == nil ? nil : try timestamp(members[.occurredAt], "occurred_at")
        data = tokens.value(at: members[.data])
        workflow = tokens.value(at: members[.workflow])
        hasAliasesOrLinks =
            place(of: "aliases", in: members[.data]) != nil
            || place(of: "links", in: members[.data]) != nil
        sealed = members[.sealed]
        subjects = tokens.value(at: members[.subjects])?.kind == .array ? members[.subjects] : nil
        try forEachSubject(line, scanner) { _ in }
    }

    /// Why a line that the scanner refuses is none: the reader and the writer know.
    private static func fault(of line: Span<UInt8>) -> Entry.Fault {
        var bytes: [UInt8] = []
        for index in 0..<line.count { bytes.append(line[index]) }
        return (try? JSONReader.read(bytes)) == nil ? .notJSON : .notCanonical
    }

    /// Hands out the pseudonyms under `subjects`, each as a big-endian number of 16 bytes.
    ///
    /// - Parameters: the line and the scanner that it was read with.
    package func forEachSubject(
        _ line: Span<UInt8>, _ scanner: CanonicalScanner, _ body: (UInt128) -> Void
    ) throws(Entry.Fault) {
        guard let subjects else { return }
        let tokens = scanner.tokens
        var place = subjects + 1
        while place < tokens[subjects].next {
            guard let subject = tokens.tag(at: place, in: line) else { throw .envelope("subjects") }
            body(subject)
            place = tokens[place].next
        }
    }

    /// Hands out the digests under `sealed` with the name that each stands under, in the line's order.
    package func forEachSealed(_ scanner: CanonicalScanner, _ body: (_ name: Token, _ digest: Token) -> Void) {
        guard let sealed, scanner.tokens[sealed].kind == .object else { return }
        var name = sealed + 1
        while name < scanner.tokens[sealed].next {
            let value = scanner.tokens[name + 1]
            if value.kind == .text { body(scanner.tokens[name], value) }
            if value.kind == .array {
                var place = name + 2
                while place < value.next {
                    if scanner.tokens[place].kind == .text { body(scanner.tokens[name], scanner.tokens[place]) }
                    place = scanner.tokens[place].next
                }
            }
            name = value.next
        }
    }
}
