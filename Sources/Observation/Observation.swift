/// Everything that happens here and that an operator can see: the catalogue of events.
///
/// The code that knows of an event hands it to an `Observer`; log lines and metrics are two readers of it, and each
/// turns the cases into its own terms by one exhaustive switch, so none is forgotten.
///
/// No case holds personal data or a secret. A `reason` is one of our own sentences, a `code` one of our own names, a
/// `route` the pattern of a route and never a request's path.
package enum Observation: Sendable, Equatable {
    /// The HTTP server accepts connections.
    case serverListening(address: String)

    /// The private cluster answers; `adopted` if it ran before us.
    case postgresStarted(adopted: Bool)
    /// The private cluster's server ended without our doing.
    case postgresDied
    case postgresRestarted
    case postgresStopped

    /// One group commit: so many new entries for so many requests, of which some were replayed.
    case appendCommitted(ledger: String, entries: Int, requests: Int, replayed: Int, durations: AppendDurations)
    /// A group was not committed, and is known not to be.
    case appendFailed(ledger: String, code: String)
    /// The answer to a COMMIT was lost: the group may be stored or not.
    case appendOutcomeUnknown(ledger: String)
    /// What became of a group whose answer was lost.
    case lostCommitResolved(ledger: String, stored: Bool)
    /// One request made the group's transaction fail by its data; the others were run without it.
    case guiltyRequest(ledger: String, sqlState: String)
    /// A key came with other content than it was used for before; `byAnother`: by another token than this one.
    case idempotencyMismatch(ledger: String, token: String, byAnother: Bool)
    /// The database's clock differs from ours or jumped ahead: appending waits for an operator.
    case clockRefused(ledger: String, reason: String)
    /// The master secret at hand is not the one that the ledger was made with.
    case masterSecretRefused(ledger: String)
    /// The ledger is halted: what is stored contradicts what was signed or answered.
    case ledgerHalted(ledger: String, reason: String)
    /// A checkpoint was signed and published; `seconds` from the lock on the guard to the database.
    case checkpointPublished(ledger: String, size: Int, entries: Int, seconds: Double)
    /// No checkpoint could be signed; it is tried again.
    case signingFailed(ledger: String, code: String, reason: String)
    /// A witness was asked for its signature below a checkpoint.
    case witnessAsked(ledger: String, witness: String, outcome: String)
    /// A timestamp authority was asked for a timestamp of a checkpoint; `code` is `stamped` or says what went wrong.
    case timestampAsked(ledger: String, code: String, reason: String)

    case partitionCreated(name: String)
    /// The rollups are exact up to, not including, `seq`.
    case rollupsAdvanced(ledger: String, seq: Int64, entries: Int)
    case migrationApplied(version: Int, name: String)

    case tokenRefused(reason: String)
    case requestRefused(route: String, code: String)
    /// One request was answered; the time is up to the first byte of the answer.
    case requestAnswered(method: String, route: String, status: Int, seconds: Double)

    /// A sender identity was checked by the schedule.
    case identityChecked(ledger: String, assessment: String, changed: Bool)
    /// A scheduled check came to no result, or its result could not be recorded; it is tried again.
    case identityCheckFailed(ledger: String, reason: String)

    /// This witness answered a log: with a cosignature (200), or with a no. The origin is that of a known log, or none.
    case witnessAnswered(origin: String?, status: Int)
    /// A known log has signed two checkpoints that cannot both be true; the requests are kept as evidence.
    case forkSeen(origin: String)
    /// This witness could not look at what it remembers, or could not change it: it cosigns nothing then.
    case witnessFailed(code: String, reason: String)
    /// Sealed values of so many entries were erased; `event` is `erasure` or `retention`.
    case erased(ledger: String, event: String, entries: Int)
    /// A legal hold stood in the way of an erasure.
    case erasureRefused(ledger: String)
    /// An erasure was committed and could not be written into the journal.
    case erasureJournalFailed(ledger: String, reason: String)
    /// What is older than the policy could not be erased; the next round tries again.
    case retentionFailed(ledger: String, reason: String)

    /// A verification came to its end; `broken` entries were named.
    case verificationFinished(ledger: String, entries: Int64, broken: Int64, seconds: Double)
}

/// Where the time of one group commit went, in seconds.
package struct AppendDurations: Sendable, Equatable {
    /// Until the ledger's lock was ours.
    package let lockWait: Double
    /// Duplicates, lines and hashes; of a large group also writing its entries.
    package let build: Double
    /// Writing the rows, or what is left of them, and the COMMIT.
    package let commit: Double

    package init(lockWait: Double, build: Double, commit: Double) {
        self.lockWait = lockWait
        self.build = build
        self.commit = commit
    }
}
