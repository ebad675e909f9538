import Cryptography
import Ledger
import Postgres

/// The people of a ledger as far as they fit into memory: a person found here need not be looked up. A full run reads
/// the table once, in the order in which it lies; a partial one remembers whom it has looked up.
struct SubjectTable {
    /// How many people are kept: some 25 MB.
    private static let peopleMax = 390_000

    private struct Row {
        let pseudonym: UInt128
        var isMet: Bool
    }

    private var rows: [UInt128: Row] = [:]
    /// Whether every row of the table was read.
    private var isComplete = false
    /// Rows that were read and that no entry has been met for.
    private var unmetCount = 0

    /// Whether each row of the table belongs to an entry that was met.
    var isAccountedFor: Bool { isComplete && unmetCount == 0 }

    /// Reads the table.
    mutating func load(_ ledger: Int64, _ connection: Connection, timeout: Duration) async throws {
        try await connection.copyOut(
            """
            COPY (
                SELECT tag, pseudonym FROM countersign.subjects WHERE ledger_id = \(literal: ledger)
                LIMIT \(literal: Self.peopleMax + 1)
            ) TO STDOUT (FORMAT binary)
            """, timeout: timeout
        ) { chunk in
            var reader = CopyReader(chunk)
            while try reader.nextRow() {
                let (tag, pseudonym) = (try reader.field(), try reader.field())
                guard let tag = UInt128(bigEndian: chunk.span.extracting(tag)),
                    let pseudonym = UInt128(bigEndian: chunk.span.extracting(pseudonym))
                else { continue }
                rows[tag] = Row(pseudonym: pseudonym, isMet: false)
            }
        }
        unmetCount = rows.count
        isComplete = rows.count <= Self.peopleMax
    }

    /// Whether the table has this person with this pseudonym.
    mutating func meet(_ person: CheckedChunk.Person) -> Bool {
        guard let index = rows.index(forKey: person.tag), rows.values[index].pseudonym == person.pseudonym else {
            return false
        }
        if !rows.values[index].isMet {
            rows.values[index].isMet = true
            unmetCount -= 1
        }
        return true
    }

    /// Remembers a person who was looked up.
    mutating func remember(_ person: CheckedChunk.Person) {
        guard rows.count < Self.peopleMax, rows[person.tag] == nil else { return }
        rows[person.tag] = Row(pseudonym: person.pseudonym, isMet: true)
    }
}
