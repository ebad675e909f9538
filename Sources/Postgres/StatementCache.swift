/// What one connection has prepared. It must tell the truth about the server: a name is in it from the moment the
/// server has confirmed it until the moment it is given up; names are never used twice.
struct StatementCache {
    /// A statement is known by its SQL and the types of its parameters.
    struct Key: Hashable {
        let sql: String
        let types: [UInt32]

        // By bytes: two strings with the same letters in different encodings (NFC, NFD) are equal in Swift, but two
        // texts to Postgres.
        static func == (left: Key, right: Key) -> Bool {
            var (one, other) = (left.sql, right.sql)
            return left.types == right.types
                && one.withUTF8 { one in other.withUTF8 { unsafe one.elementsEqual($0) } }
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(types)
            var sql = sql
            sql.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
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
