import Cryptography
package import Ledger

extension LedgerStore {
    /// Records that entries leave the ledger, before the first of them does: `access/exported`.
    ///
    /// - Parameter filter: what the export is narrowed to. Filters name people, so they are sealed.
    /// - Returns: the size of the tree before that record: where the export is to be cut.
    package func recordExport(
        of ledger: StoredLedger, format: String, disclosures: Bool, filter: [JSONValue.Member], reporter: Reporter,
        deadline: ContinuousClock.Instant
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
        return try await append(AppendUnit([.init(draft, keys: ledger.keys)]), to: ledger, deadline: deadline)[0].seq
    }
}
