import Glibc

/// What one connection has prepared. It must tell the truth about the server: a name is in it from the moment the
/// server has confirmed it until the moment it is given up; names are never used twice.
struct StatementCache {
    /// A statement is known by its SQL between the parameters and by their types.
    struct Key: Hashable {
        let texts: [String]
        let types: [UInt32]

        init(_ statement: Statement) {
            texts = statement.texts
            types = statement.values.fields.map(\.oid)
        }

        // By bytes: two strings with the same letters in different encodings (NFC, NFD) are equal in Swift, but two
        // texts to Postgres.
        static func == (left: Key, right: Key) -> Bool {
            left.types == right.types && left.texts.count == right.texts.count
                && zip(left.texts, right.texts).allSatisfy { $0.hasSameBytes(as: $1) }
        }

        /// The lengths tell nearly all statements apart.
        func hash(into hasher: inout Hasher) {
            hasher.combine(types)
            for text in texts { hasher.combine(text.utf8.count) }
        }
    }

    /// How many prepared statements a connection keeps.
    static let statementsMax = 256

    private struct Entry {
        let name: String
        var lastUse: UInt64
    }

    private var entries: [Key: Entry] = [:]
    /// Given up, but still known to the server.
    private(set) var discarded: [String] = []
    private var uses: UInt64 = 0
    private var names: UInt64 = 0

    var count: Int { entries.count }

    mutating func newName() -> String {
        names += 1
        return "s\(names)"
    }

    /// The name under which the server knows the statement.
    mutating func name(for key: Key) -> String? {
        uses += 1
        entries[key]?.lastUse = uses
        return entries[key]?.name
    }

    /// Records that the server has prepared the statement. The one unused for longest makes room.
    mutating func insert(_ key: Key, name: String) {
        if entries.count >= Self.statementsMax, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            discard(oldest.key)
        }
        uses += 1
        entries[key] = Entry(name: name, lastUse: uses)
    }

    mutating func discard(_ key: Key) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        discarded.append(entry.name)
    }

    /// Records that the server has forgotten these.
    mutating func forget(discarded names: [String]) {
        discarded.removeAll { names.contains($0) }
    }

    /// Records that the server has forgotten everything (DISCARD ALL, DEALLOCATE ALL).
    mutating func forgetAll() {
        entries = [:]
        discarded = []
    }
}

extension String {
    fileprivate func hasSameBytes(as other: String) -> Bool {
        unsafe utf8Span.span.withUnsafeBytes { left in
            unsafe other.utf8Span.span.withUnsafeBytes { right in
                guard left.count == right.count else { return false }
                guard let start = left.baseAddress, let otherStart = right.baseAddress else { return true }
                return unsafe start == otherStart || memcmp(start, otherStart, left.count) == 0
            }
        }
    }
}
