/// Everything that an operator can see happen, as one list. Logs and metrics are two readers of it.
///
/// No case carries personal data or secrets.
package enum Observation: Sendable, Equatable {
    case serverListening(address: String)
    case postgresStarted(adopted: Bool)
    case postgresDied
    case postgresRestarted
    case postgresStopped
    case migrationApplied(version: Int, name: String)
    case appendCommitted(
        ledger: String, entries: Int, requests: Int, replayed: Int, lockWaitSeconds: Double, buildSeconds: Double,
        commitSeconds: Double)
    case appendFailed(ledger: String, code: String)
    case appendOutcomeUnknown(ledger: String)
    case lostCommitResolved(ledger: String, stored: Bool)
    case guiltyRequest(ledger: String, sqlState: String)
    case clockRefused(ledger: String, reason: String)
    case masterSecretRefused(ledger: String)
    case partitionCreated(name: String)
    case rollupsAdvanced(ledger: String, seq: Int, entries: Int)
    case tokenRefused(reason: String)
    case verificationFinished(ledger: String, entries: Int, broken: Int, seconds: Double)
    case requestRefused(route: String, code: String)
}
