import Cryptography
import Ledger

/// What a chunk of rows says once each row is judged by itself; what remains to be judged lies between the rows.
struct CheckedChunk: Sendable {
    /// A row of `entries`.
    struct Row: Sendable {
        let seq: Int
        let leafHash: Digest?
        /// The hash of the line.
        let computed: Digest
        /// Nil if the line is no entry.
        var entry: Envelope?
        /// Why the line is no entry.
        var fault: Entry.Fault?
        /// What is wrong with the columns and the sealed values.
        var findings: [Finding] = []
    }

    /// What the line says about its place.
    struct Envelope: Sendable {
        let seq: Int
        let previous: Digest
        let recordedAt: Timestamp
        let isOfLedger: Bool
        let idempotencyTag: UInt128?
    }

    /// A person of an entry, by the tag of the address and by the pseudonym that the line gives.
    struct Person: Sendable, Hashable {
        let tag: UInt128
        let pseudonym: UInt128
    }

    /// What an operator did: the line's `data` says it.
    struct Administration: Sendable {
        let seq: Int
        let recordedAt: Timestamp
        let isAccess: Bool
        /// Whether it is an erasure.
        let isErased: Bool
        let data: JSONValue
        /// The first person that the entry is about.
        let subject: UInt128?
        /// The reporter's id.
        let reporter: String
    }

    var rows: [Row] = []
    var people: [(seq: Int, person: Person)] = []
    var administration: [Administration] = []
    /// Entries whose sealed values are not as the erasures known so far have them.
    var suspects: [SealedState] = []
    /// The rows of `identity_verifications` that the entries call for, by the identity.
    var identityChecks: [[UInt8]: RowSum] = [:]
    /// The entries of reports that were received.
    var reports: [Int] = []
    /// The evidence that the service's checks rest on.
    var evidence: [(seq: Int, digest: Digest)] = []
    /// Further keys of the entries as a sum, where nobody asked for the list.
    var entryKeySum = RowSum()
    var entryKeys: [(seq: Int, key: LookupKey)] = []
    /// Rows of `rollups` by their code, and how many entries each counts.
    var rollupCounts: [UInt128: Int] = [:]
    /// What the codes mean that no stored row has.
    var strayRollups: [UInt128: RollupKey] = [:]
    /// How many entries seal something.
    var sealedCount = 0
    var byteCount = 0
}
