import Cryptography

/// Where the values of the envelope's members stand among the scanner's tokens.
struct EntryMembers {
    /// The members of the envelope, in the order in which canonical form has them.
    enum Name: Int, CaseIterable {
        case actor, data, format, idempotency, kind, ledger, messageID, nonce, occurredAt, outcome, oversightMode, prev
        case recordedAt, reporter, sealed, sender, seq, subjects, workflow
    }

    private static let spellings: [[UInt8]] = [
        "actor", "data", "format", "idempotency", "kind", "ledger", "message_id", "nonce", "occurred_at", "outcome",
        "oversight_mode", "prev", "recorded_at", "reporter", "sealed", "sender", "seq", "subjects", "workflow",
    ].map { Array($0.utf8) }

    /// Token 0 is the line's object itself, so 0 means: absent.
    private var places: InlineArray<19, Int> = .init(repeating: 0)

    /// Both the members and the names looked for are sorted, so one walk along both finds all.
    init(_ tokens: [CanonicalScanner.Token], _ line: Span<UInt8>) {
        guard let object = tokens.first, object.kind == .object else { return }
        let spellings = Self.spellings
        var place = 1
        var wanted = 0
        while place < object.next, wanted < spellings.count {
            let name = line.extracting(tokens[place].range)
            switch Self.order(name, spellings[wanted]) {
            case 0:
                places[wanted] = place + 1
                wanted += 1
                place = tokens[place + 1].next
            case ..<0: place = tokens[place + 1].next
            default: wanted += 1
            }
        }
    }

    subscript(_ name: Name) -> Int? { places[name.rawValue] == 0 ? nil : places[name.rawValue] }

    /// Negative, 0 or positive: how two names are ordered by their bytes.
    private static func order(_ left: Span<UInt8>, _ right: [UInt8]) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return Int(left[index]) - Int(right[index])
        }
        return left.count - right.count
    }
}

/// A member's value, if there is one and it has the type asked for.
extension [CanonicalScanner.Token] {
    func value(at place: Int?) -> Element? { place.map { self[$0] } }

    func text(at place: Int?) -> Element? {
        guard let place, self[place].kind == .text else { return nil }
        return self[place]
    }

    func number(at place: Int?, in line: Span<UInt8>) -> Int? {
        guard let place, self[place].kind == .integer else { return nil }
        return CanonicalScanner.number(of: self[place], in: line)
    }

    /// A text of 22 characters of base64url.
    func tag(at place: Int?, in line: Span<UInt8>) -> UInt128? {
        text(at: place).flatMap { Base64URL.decode16(line.extracting($0.range)) }
    }

    /// The place of the value of the member `name` of the object at `place`; nil if there is none.
    package func place(of name: StaticString, at place: Int, in line: Span<UInt8>) -> Int? {
        guard self[place].kind == .object else { return nil }
        var next = place + 1
        while next < self[place].next {
            if line.extracting(self[next].range).spells(name) { return next + 1 }
            next = self[next + 1].next
        }
        return nil
    }
}

extension Span<UInt8> {
    /// Whether these bytes are the ASCII text `word`.
    package func spells(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        for index in 0..<count where unsafe self[index] != word.utf8Start[index] { return false }
        return true
    }
}
