import Checkpoints
import Ledger
import LedgerStore
import Observation
import Postgres

/// The store of a database, open for the length of one command.
struct OpenStore: Sendable {
    /// Who stands behind what a command appends.
    static let reporter = Reporter(id: "command", via: .operator)
    private static let probeTimeout = Duration.seconds(15)

    let store: LedgerStore
    let location: DatabaseLocation

    /// What signs; refused where no folder with keys is named.
    func signer(witnesses: Witnesses? = nil) throws(Complaint) -> CheckpointSigner {
        let folders = try location.requireSigning()
        return CheckpointSigner(
            store: store, keys: folders.keys, guards: folders.guards, witnesses: witnesses, observer: QuietObserver(),
            clock: Clock.now)
    }

    /// How long one append may take.
    static var appendDeadline: ContinuousClock.Instant { .now + appendTimeout }
    static let appendTimeout = Duration.seconds(60)

    /// Opens the store that `options` name, lends it to `body` and closes it; ends in order on a signal.
    ///
    /// - Parameter journal: where erasures are named; for a command that erases.
    static func with<Value: Sendable>(
        _ options: DatabaseOptions, _ journal: JournalOption? = nil,
        _ body: @Sendable @escaping (OpenStore) async throws -> Value
    ) async throws -> Value {
        let location = try options.location()
        let journal = journal?.journal(of: location)
        return try await Interruption.cancelling {
            try await location.whileRunning {
                try await Self.requireReady(location.appTarget)
                return try await Self.with(location, journal, body)
            }
        }
    }

    /// The same for a database that is known to run.
    static func with<Value: Sendable>(
        _ location: DatabaseLocation, _ journal: ErasureJournal? = nil, _ body: (OpenStore) async throws -> Value
    ) async throws -> Value {
        let store = LedgerStore(
            target: location.appTarget, master: location.masterSecret(), observer: QuietObserver(),
            journal: journal, fence: location.signing?.guards, clock: Clock.now)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await store.run(catchesUpOthers: false) }
            defer { group.cancelAll() }
            return try await body(OpenStore(store: store, location: location))
        }
    }

    /// The store's own errors say little about a database that was never reached, or never set up; this says why.
    static func requireReady(_ target: ConnectionTarget) async throws {
        let deadline = ContinuousClock.now + probeTimeout
        let schema = try await Connection.with(target, deadline: deadline) {
            try await SchemaState($0, deadline: deadline)
        }
        if let fault = schema.fault { throw Complaint(splitting: fault) }
    }
}

/// A command tells its results itself.
struct QuietObserver: Observer {
    func observe(_ observation: Observation) {}
}
