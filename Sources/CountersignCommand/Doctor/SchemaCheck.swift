import LedgerStore
import Postgres

/// Whether the schema is this binary's.
enum SchemaCheck {
    static func check(_ connection: Connection, _ deadline: ContinuousClock.Instant) async throws -> CheckResult {
        guard let fault = try await SchemaState(connection, deadline: deadline).fault else {
            return .ok("schema", "version \(SchemaState.ownVersion)")
        }
        let complaint = Complaint(splitting: fault)
        return .fail("schema", complaint.reason, next: complaint.next ?? "run `countersign migrate`")
    }
}
