import Cryptography
package import Ledger

extension LedgerStore {
    /// Records that entries leave the ledger, before the first of them does: `access/exported`.
    ///
    /// - Parameters:
    ///   - filter: what the export is narrowed to. Filters name people, so they are sealed.
    ///   - people: the addresses in it. The record is about them, so that an erasure finds it.
    /// - Returns: the size of the tree before that record: where the export is to be cut.
    package func recordExport(
        of ledger: StoredLedger, format: String, disclosures: Bool, filter: [JSONValue.Member], people: [String] = [],
        reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Int {
        var personal = PersonalData()
        if !filter.isEmpty { personal.set("filter", .object(filter)) }
        let event = Event(
            kind: .access, outcome: "exported",
            data: [
                .init("disclosures", .bool(disclosures)), .init("event", "entries.exported"),
                .init("format", .string(format)),
            ], personal: personal)
        let draft = try Draft(event, origin: ledger.origin, reporter: reporter, random: Random.bytes)
        let item = AppendUnit.Item(draft, about: people, keys: ledger.keys)
        return try await append(AppendUnit([item]), to: ledger, deadline: deadline)[0].seq
    }
}
