import Cryptography
package import Ledger

extension LedgerStore {
    /// Records that entries leave the ledger, before the first of them does: `access/exported`.
    ///
    /// - Parameters:
    ///   - size: the size that the export is cut at.
    ///   - filters: what it was narrowed to; the values may be personal, so they are sealed, and the names stay in clear.
    package func recordExport(
        of ledger: StoredLedger, format: ExportFormat, size: Int, disclosures: Bool,
        filters: [(name: String, value: String)], reporter: Reporter, deadline: ContinuousClock.Instant
    ) async throws -> Placed {
        var names: [String] = []
        for filter in filters where !names.contains(filter.name) { names.append(filter.name) }
        var data: [JSONValue.Member] = [
            .init("disclosures", .bool(disclosures)), .init("event", "entries.exported"),
            .init("format", .string(format.rawValue)), .init("size", .integer(size)),
        ]
        var personal = PersonalData()
        if !names.isEmpty {
            data.append(.init("filters", .array(names.map { .string($0) })))
            personal.set(
                "filter",
                .object(
                    names.map { name in
                        .init(name, .array(filters.filter { $0.name == name }.map { .string($0.value) }))
                    }))
        }
        let draft = try Draft(
            Event(kind: .access, outcome: "exported", data: data, personal: personal), origin: ledger.origin,
            reporter: reporter, random: Random.bytes)
        return try await append(AppendUnit([.init(draft, keys: ledger.keys)]), to: ledger, deadline: deadline)[0]
    }
}
