import Files
import ServiceLifecycle

/// The private cluster as a part of this process: there when `start` returns, watched by `run`, put away by `stop`.
///
/// Several processes may use one data directory at once: services side by side, a `verify` beside a running service.
/// Two lock files keep them in order, and both vanish with a process however it dies:
///
/// - `DIR/users` is held *shared* by every process from its `start` to its `stop`. Who leaves and can take it alone is
///   the last one.
/// - `DIR/lock` is held *alone*, and only while somebody makes, starts or stops the server.
///
/// The first to come starts the server, or adopts the one that a killed process left running. The last to leave stops
/// it. One exception: a command that found the server running leaves it running, unless another command had started
/// it; the note in `DIR/users` names such a server.
///
/// In a `ServiceGroup` it comes first, so that it stops last.
package actor EmbeddedPostgres: Service {
    /// Who uses the cluster.
    package enum Use: Sendable {
        /// A service: watches the server and stops it when it is the last to leave.
        case service
        /// A command: leaves the server as found.
        case command
    }

    package enum Event: Sendable, Equatable {
        case starting
        case started(adopted: Bool)
        case died
        case restarted
        /// A new start failed; it is tried again.
        case restartFailed(reason: String)
        case stopped
        /// We are done with it, and others are not.
        case leftRunning
    }

    private static let watchInterval = Duration.milliseconds(250)
    private static let restartPauseMax = Duration.seconds(30)
    /// Longer than another process may take to start or stop the server.
    private static let turnSecondsMax = 900

    package nonisolated let cluster: Cluster
    private let use: Use
    private let observe: @Sendable (Event) -> Void
    private var presence: Presence?

    /// What we hold while we use the cluster.
    private struct Presence {
        let control: PostmasterControl
        let users: FileLock
        var postmaster: Postmaster
    }

    package init(_ cluster: Cluster, use: Use = .service, observe: @escaping @Sendable (Event) -> Void = { _ in }) {
        self.cluster = cluster
        self.use = use
        self.observe = observe
    }

    /// Lends the running cluster to `body`, and puts it away after.
    package static func withCluster<Result: Sendable>(
        _ cluster: Cluster, use: Use, observe: @escaping @Sendable (Event) -> Void = { _ in },
        _ body: (EmbeddedPostgres) async throws -> Result
    ) async throws -> Result {
        let postgres = EmbeddedPostgres(cluster, use: use, observe: observe)
        try await postgres.start()
        let result: Result
        do {
            result = try await body(postgres)
        } catch {
            // The body's error is the one to report.
            try? await postgres.stop()
            throw error
        }
        try await postgres.stop()
        return result
    }

    /// Makes, starts or adopts the server, and makes the database. A second call does nothing.
    package func start() async throws(EmbeddedPostgresError) {
        guard presence == nil else { return }
        observe(.starting)
        let account = try Account.server(of: cluster)
        try await DataFolder(cluster: cluster, account: account).prepare()
        try requireLocks(account)
        let turn = try await takeTurn(account)
        defer { turn.release() }
        guard presence == nil else { return }
        let users = try lock(Cluster.usersName, account)
        // Only who has the turn takes it alone, so this cannot fail for long.
        guard try holding({ () throws(FileFault) in try users.tryShared() }) else {
            throw EmbeddedPostgresError(.busy, "\(cluster.usersPath) is held by another program: see lslocks")
        }
        let control = try await PostmasterControl(cluster, account)
        try await control.makeIfMissing()
        let (postmaster, adopted) = try await control.bringUp()
        switch (use, adopted) {
        case (.service, _): users.note = ""
        case (.command, false): users.note = Self.note(postmaster)
        case (.command, true): break
        }
        presence = Presence(control: control, users: users, postmaster: postmaster)
        do throws(EmbeddedPostgresError) {
            try await control.makeDatabaseIfMissing()
        } catch {
            presence = nil
            if !adopted { try? await control.stop() }
            throw error
        }
        observe(.started(adopted: adopted))
    }

    /// Watches the server and starts it again when it died, until this process is to end; then stops it as `stop` does.
    package func run() async throws {
        try await start()
        try? await cancelWhenGracefulShutdown { try await self.watch() }
        // A cancelled task must still put its cluster away.
        try await Task { try await self.stop() }.value
    }

    /// Gives the cluster up; stops the server if nobody else uses it. A second call does nothing.
    package func stop() async throws(EmbeddedPostgresError) {
        guard let presence else { return }
        self.presence = nil
        let turn = try await takeTurn(presence.control.account)
        defer { turn.release() }
        // Who uses the server is not known where the file was taken away: then it is left running.
        guard try holding({ () throws(FileFault) in try presence.users.tryExclusive() }), mayStop(presence) else {
            presence.users.release()
            observe(.leftRunning)
            return
        }
        defer { presence.users.release() }
        try await presence.control.stop()
        observe(.stopped)
    }

    private func mayStop(_ presence: Presence) -> Bool {
        switch use {
        case .service: true
        case .command: presence.users.note == Self.note(presence.postmaster)
        }
    }

    private static func note(_ postmaster: Postmaster) -> String { "started by a command: \(postmaster.processID)\n" }

    // MARK: Watching

    private func watch() async throws {
        var wait = Self.watchInterval
        while true {
            try await Task.sleep(for: wait)
            guard let presence, !presence.postmaster.isAlive else { continue }
            if wait == Self.watchInterval { observe(.died) }
            do {
                // Not cut off half-way by the end of this process: `stop` comes after it.
                try await Task { try await self.restart(presence) }.value
                wait = Self.watchInterval
            } catch {
                observe(.restartFailed(reason: "\(error)"))
                wait = min(wait * 2, Self.restartPauseMax)
            }
        }
    }

    /// Another process may have been faster: then its server is ours too.
    private func restart(_ presence: Presence) async throws(EmbeddedPostgresError) {
        let turn = try await takeTurn(presence.control.account)
        defer { turn.release() }
        let (postmaster, _) = try await presence.control.bringUp()
        if use == .service { presence.users.note = "" }
        self.presence?.postmaster = postmaster
        observe(.restarted)
    }

    /// Waits until nobody else starts or stops the server.
    private func takeTurn(_ account: Account) async throws(EmbeddedPostgresError) -> FileLock {
        let turn = try lock(Cluster.lockName, account)
        let deadline = ContinuousClock.now + .seconds(Self.turnSecondsMax)
        while try !holding({ () throws(FileFault) in try turn.tryExclusive() }) {
            guard ContinuousClock.now < deadline else {
                throw EmbeddedPostgresError(
                    .busy,
                    "another process has been starting or stopping this cluster for \(Self.turnSecondsMax) s: "
                        + "`lslocks` names the holder of \(cluster.lockPath)")
            }
            try await pause(.milliseconds(50))
        }
        return turn
    }

    /// Refuses a running server whose lock files were taken away: nobody knows then who else uses it. They are made
    /// before a server is started, and stay.
    private func requireLocks(_ account: Account) throws(EmbeddedPostgresError) {
        guard let running = Postmaster.running(on: cluster.dataDirectory) else { return }
        let folder = try cluster.folder(account)
        for name in [Cluster.lockName, Cluster.usersName] where !folder.exists(name) {
            throw EmbeddedPostgresError(
                .fileUnusable,
                "\(cluster.directory)/\(name) was removed while Postgres (process \(running.processID)) runs, so "
                    + "nobody knows who uses it; stop what uses it, then Postgres (`kill -INT "
                    + "\(running.processID)`), and start again")
        }
    }

    private func lock(_ name: String, _ account: Account) throws(EmbeddedPostgresError) -> FileLock {
        let folder = try cluster.folder(account)
        return try holding { () throws(FileFault) in try folder.lock(name, sharedWith: account) }
    }

    private func holding<Value>(_ body: () throws(FileFault) -> Value) throws(EmbeddedPostgresError) -> Value {
        do throws(FileFault) { return try body() } catch { throw EmbeddedPostgresError(error) }
    }
}
