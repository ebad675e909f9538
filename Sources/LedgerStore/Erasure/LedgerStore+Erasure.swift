import Cryptography
package import Ledger
import Observation
import Postgres

extension LedgerStore {
    /// How long looking for what belongs to a person may take.
    static let searchTimeout = Duration.seconds(600)
    /// How often an erasure begins anew where holds, or other erasures, came in between.
    private static let attemptsMax = 8

    /// Erases a person: the sealed values of every entry about them and of the life of their messages, the mapping of
    /// their address to a pseudonym, and the tags of those requests. `access/erased` entries list what was touched. A
    /// hold that covers any of it stands in the way of all.
    ///
    /// An address that the ledger has never met is recorded as well, without a pseudonym.
    ///
    /// - Parameter timeout: how long each append may take.
    package func erase(
        _ request: ErasureRequest, in ledger: StoredLedger, reporter: Reporter, timeout: Duration
    ) async throws -> Erasure.Outcome {
        try requireKeys(of: ledger)
        var erasure = Erasure()
        for _ in 0..<Self.attemptsMax {
            do {
                let held = try await erase(request, in: ledger, reporter: reporter, timeout: timeout, adding: &erasure)
                if let held { return held }
                if let erasing = erasure.erasedBy.last {
                    try await eraseReportHeads(naming: request.subject, by: erasing, in: ledger)
                }
                return .erased(erasure)
            } catch let error as StoreError where error.code == .inProgress {
                continue
            }
        }
        throw ErasureUnit.changed
    }

    /// - Returns: the refusal, if a hold stands in the way.
    private func erase(
        _ request: ErasureRequest, in ledger: StoredLedger, reporter: Reporter, timeout: Duration,
        adding erasure: inout Erasure
    ) async throws -> Erasure.Outcome? {
        let tag = ledger.keys.subjectTag(of: request.subject.lookupForm)
        let found = try await find(tag, in: ledger)
        guard found.holds.isEmpty else {
            let seq = try await refuse(request, found.holds, in: ledger, reporter: reporter, timeout: timeout)
            return .held(holds: found.holds, seq: seq)
        }
        let run = ErasureRun(
            store: self, ledger: ledger, reporter: reporter,
            data: [.init("legal_basis", .string(request.legalBasis))], requester: request.requester,
            pseudonym: found.pseudonym, tag: tag, holds: found.liveHolds, timeout: timeout)
        if found.pseudonym != nil { erasure.foundSubject = true }
        try await run.erase(found.seqs, searchedSize: found.size, adding: &erasure)
        return nil
    }

    private struct Found: Sendable {
        var pseudonym: Pseudonym?
        /// What belongs to the person, ascending.
        var seqs: [Int] = []
        var size = 0
        /// All holds in force, nil where they are of no matter, and what is named of those that cover any of it.
        var liveHolds: [String]?
        var holds: [String] = []
    }

    private func find(_ tag: [UInt8], in ledger: StoredLedger) async throws(StoreError) -> Found {
        try await read(timeout: Self.searchTimeout) { connection, deadline in
            var found = Found()
            found.size = try await Self.size(of: ledger, connection, deadline)
            let search = ErasureSearch(ledger: ledger, connection: connection, deadline: deadline, size: found.size)
            found.pseudonym = try await ErasureSearch.pseudonym(ofTag: tag, in: ledger, connection, deadline)
            guard let pseudonym = found.pseudonym else { return found }
            found.seqs = try await search.entries(about: [pseudonym]).sorted()
            let held = try await HeldEntries(search)
            found.liveHolds = held.ids
            found.holds = try await held.holds(coveringAny: found.seqs, of: pseudonym, search)
            return found
        }
    }

    /// Records that a hold outranks the erasure.
    private func refuse(
        _ request: ErasureRequest, _ holds: [String], in ledger: StoredLedger, reporter: Reporter, timeout: Duration
    ) async throws -> Int {
        var personal = PersonalData()
        personal.set("requester", .string(request.requester))
        let event = Event(
            kind: .access, outcome: "refused",
            data: [
                .init("event", .string(Erasure.Event.erasure.rawValue)),
                .init("holds", .array(holds.map(JSONValue.string))),
                .init("legal_basis", .string(request.legalBasis)),
            ], personal: personal)
        let draft = try Draft(event, origin: ledger.origin, reporter: reporter, random: Random.bytes)
        // The entry is about the person, so a later erasure finds it.
        let item = AppendUnit.Item(draft, about: [request.subject.lookupForm], keys: ledger.keys)
        let seq = try await append(AppendUnit([item]), to: ledger, deadline: .now + timeout)[0].seq
        observer.observe(.erasureRefused(ledger: ledger.origin.text))
        return seq
    }

    /// A rejected report may be a mail. Its kept beginning is no part of any entry, so it goes outside the lock.
    ///
    /// - Parameter erasing: the entry that erased them.
    private func eraseReportHeads(
        naming subject: Address, by erasing: Int, in ledger: StoredLedger
    ) async throws(StoreError) {
        try await read(timeout: Self.searchTimeout) { connection, deadline in
            _ = try await connection.query(
                "SELECT countersign.erase_report_heads(\(ledger.id), \(erasing), \(AddressPattern(subject).text))",
                deadline: deadline)
        }
    }
}
