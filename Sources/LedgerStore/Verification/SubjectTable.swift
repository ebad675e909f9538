import Cryptography
import Ledger
import Postgres

/// The people of a ledger as far as they fit into memory: a person found here need not be looked up. A full run reads
/// the table once, in the order in which it lies; a partial one remembers whom it has looked up.
struct SubjectTable {
    /// How many people are kept: three quarters of 2^22 places of eight bytes, 32 MB.
    private static let peopleMax = 3 << 20

    private let codes: SipHash
    private var rowBytes = RowBytes()
    /// Codes of rows; those are marked for which an entry was met.
    private var rows = CodeSet()
    /// Whether every row of the table was read.
    private var isComplete = false

    init(codes: SipHash) {
        self.codes = codes
    }

    /// Whether each row of the table belongs to an entry that was met.
    var isAccountedFor: Bool { isComplete && rows.markedCount == rows.count }

    /// Reads the table.
    mutating func load(_ ledger: Int64, _ connection: Connection, timeout: Duration) async throws {
        var count = 0
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
                let start = reader.position
                _ = (try reader.field(), try reader.field())
                count += 1
                guard count <= Self.peopleMax else { continue }
                rows.insert(codes.code(of: chunk.span.extracting(start..<reader.position)), isMarked: false)
            }
        }
        isComplete = count <= Self.peopleMax
    }

    /// Whether the table has this person with this pseudonym.
    mutating func meet(_ person: CheckedChunk.Person) -> Bool { rows.mark(code(of: person)) }

    /// Remembers a person who was looked up.
    mutating func remember(_ person: CheckedChunk.Person) {
        guard rows.count < Self.peopleMax else { return }
        rows.insert(code(of: person), isMarked: true)
    }

    private mutating func code(of person: CheckedChunk.Person) -> UInt128 {
        rowBytes.begin()
        rowBytes.append(person.tag)
        rowBytes.append(person.pseudonym)
        return codes.code(of: rowBytes.bytes.span)
    }
}
