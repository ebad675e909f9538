import LedgerStore
import Postgres

/// Whether the database holds what the migrations make, and nothing else: what somebody with all rights may have put
/// there, taken away or switched off.
enum CatalogueCheck {
    /// So many differences are named one by one.
    private static let namedMax = 50
    private static let next =
        "find out who changed it and why, run `countersign verify`, and undo it as a superuser; `sql/` has what the "
        + "migrations make"

    static func results(
        _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> [CheckResult] {
        let catalogue = try await Catalogue.read(connection, deadline: deadline)
        let differences = catalogue.differences
        guard !differences.isEmpty else {
            return [.ok("catalogue", "\(catalogue.items.count) things, all as the migrations make them")]
        }
        // What touches the ledgers first.
        let ours = differences.filter(\.isOurs)
        let named = (ours + differences.filter { !$0.isOurs }).prefix(namedMax)
        let rest = differences.count - named.count
        return named.map { difference in
            difference.isOurs
                ? .fail("catalogue", difference.reason, next: next)
                : .warn("catalogue", difference.reason, next: "keep other things in a database of their own")
        } + (rest > 0 ? [.fail("catalogue", "\(rest) more differences", next: next)] : [])
    }
}
