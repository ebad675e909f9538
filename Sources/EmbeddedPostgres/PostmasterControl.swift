import Files
import Glibc

/// The four acts on a cluster: make, start, stop, ask. Whoever calls the first three holds `DIR/lock`.
struct PostmasterControl {
    /// Recovery after a crash replays up to `max_wal_size`; let it.
    private static let startSecondsMax = 600
    /// A fast stop writes out the shared buffers.
    private static let stopSecondsMax = 120
    /// How long the remains of a killed server may stand in the way of the next.
    private static let leftoversMax = Duration.seconds(60)
    private static let serverLogBytesMax: Int64 = 16 << 20
    private static let quotedLines = 8
    private static let unfinishedPrefix = "postgres.unfinished."
    /// What the server says while a killed one, or a backend of it, is not quite gone.
    private static let passingObstacles = ["is still in use", "already exists"]

    let cluster: Cluster
    let account: Account
    let binaries: PostgresBinaries

    init(_ cluster: Cluster, _ account: Account) async throws(EmbeddedPostgresError) {
        self.cluster = cluster
        self.account = account
        binaries = try await .find(major: Self.release(of: cluster))
    }

    /// The release that made the data; nil where there are none yet.
    private static func release(of cluster: Cluster) throws(EmbeddedPostgresError) -> Int? {
        let directory = cluster.dataDirectory
        if let text = ForeignText.read(directory + "/PG_VERSION")?.split(separator: "\n").first, let major = Int(text) {
            return major
        }
        let names = (try? InputFolder.names(in: directory)) ?? []
        guard names.isEmpty else {
            throw EmbeddedPostgresError(
                .directoryNotOurs,
                "\(directory) holds files and no PG_VERSION, so it is no cluster: move it away, or choose another "
                    + "data directory")
        }
        return nil
    }

    // MARK: Make

    /// Makes the cluster where there is none.
    ///
    /// initdb works in a folder beside it, which gets its name when it is whole. A crash leaves a folder of another
    /// name, and perhaps an initdb still at work in it: so each attempt has a name of its own.
    func makeIfMissing() async throws(EmbeddedPostgresError) {
        try await removeUnfinished()
        guard FileStatus(of: cluster.dataDirectory + "/PG_VERSION") == nil else { return }
        let attempt = String(UInt32.random(in: 0 ... .max), radix: 16)
        let unfinished = cluster.directory + "/" + Self.unfinishedPrefix + attempt
        try await require(
            binaries.path("initdb"),
            [
                "--pgdata", unfinished, "--username", "postgres", "--encoding", "UTF8", "--locale", "C",
                "--data-checksums", "--auth-local", "peer", "--auth-host", "reject", "--no-instructions",
            ], .initdbFailed)
        let made = try Cluster.folder(unfinished, of: account)
        let original = ForeignText.read(unfinished + "/postgresql.conf") ?? ""
        let folder = try cluster.folder(account)
        do throws(FileFault) {
            try made.replace(
                "postgresql.conf", with: Array("\(original)\ninclude '\(ServerSettings.fileName)'\n".utf8),
                isAlone: true)
            try folder.rename(Self.unfinishedPrefix + attempt, to: Cluster.dataName)
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }

    private func removeUnfinished() async throws(EmbeddedPostgresError) {
        let names = (try? InputFolder.names(in: cluster.directory)) ?? []
        let left = names.filter { $0.utf8.starts(with: Self.unfinishedPrefix.utf8) }
        guard !left.isEmpty else { return }
        // What is still being written to cannot go yet; it goes at another start.
        _ = try await tool.run("/bin/rm", ["-rf", "--"] + left.map { cluster.directory + "/" + $0 })
    }

    // MARK: Start

    /// The running server of this cluster: the one found, or a new one.
    func bringUp() async throws(EmbeddedPostgresError) -> (Postmaster, adopted: Bool) {
        try checkFiles()
        let deadline = ContinuousClock.now + .seconds(Self.startSecondsMax)
        while let running = Postmaster.running(on: cluster.dataDirectory) {
            if PostmasterFile(in: cluster.dataDirectory)?.status == "ready" { return (running, adopted: true) }
            guard ContinuousClock.now < deadline else {
                throw EmbeddedPostgresError(
                    .startFailed,
                    "the server found running (process \(running.processID)) has not become ready in "
                        + "\(Self.startSecondsMax) s: see \(cluster.logPath)")
            }
            try await pause(.milliseconds(50))
        }
        return (try await start(), adopted: false)
    }

    private func start() async throws(EmbeddedPostgresError) -> Postmaster {
        try await writeSettings()
        try rotateServerLog()
        let deadline = ContinuousClock.now + Self.leftoversMax
        var wait = Duration.milliseconds(50)
        while true {
            try Postmaster.removeStaleFile(of: cluster, account)
            let logEnd = Int(FileStatus(of: cluster.logPath)?.sizeBytes ?? 0)
            let outcome = try await pgCtl(
                ["start", "--wait", "--timeout", "\(Self.startSecondsMax)", "--log", cluster.logPath])
            if outcome.succeeded, let running = Postmaster.running(on: cluster.dataDirectory) { return running }
            let said = ForeignText.read(cluster.logPath, from: logEnd) ?? ""
            guard Self.passingObstacles.contains(where: { said.contains($0) }), ContinuousClock.now < deadline else {
                throw EmbeddedPostgresError(
                    .startFailed,
                    "Postgres did not start. \(cluster.logPath) says:\n"
                        + TextFile.lastLines(Self.quotedLines, of: said.isEmpty ? outcome.output : said))
            }
            // They look up and leave by themselves when idle; one deep in a query has to be told.
            for process in Postmaster.leftovers(on: cluster.dataDirectory) { kill(process, SIGQUIT) }
            try await pause(wait)
            wait = min(wait * 2, .seconds(2))
        }
    }

    private func writeSettings() async throws(EmbeddedPostgresError) {
        let probe = ["-C", "wal_compression", "-c", "wal_compression=lz4", "-c", "config_file=/dev/null"]
        let hasLZ4 = try await tool.run(binaries.path("postgres"), probe + ["-D", cluster.dataDirectory]).succeeded
        let settings = ServerSettings(cluster: cluster, account: account, visitor: try .current(), hasLZ4: hasLZ4)
        let folder = try cluster.dataFolder(account)
        do throws(FileFault) {
            for (name, text) in [
                (ServerSettings.fileName, settings.configuration), ("pg_hba.conf", ServerSettings.hostBased),
                ("pg_ident.conf", settings.identMap),
            ] {
                try folder.replace(name, with: Array(text.utf8), isAlone: true)
            }
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }

    /// Refuses what a starting server would write through, or wait at, if somebody had laid it there.
    private func checkFiles() throws(EmbeddedPostgresError) {
        let (data, folder) = (try cluster.dataFolder(account), try cluster.folder(account))
        do throws(FileFault) {
            for name in ["PG_VERSION", PostmasterFile.name, "postmaster.opts"] { try data.requireFile(name) }
            for name in [Cluster.logName, Cluster.logName + ".1"] { try folder.requireFile(name, trusting: account) }
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }

    private func rotateServerLog() throws(EmbeddedPostgresError) {
        guard let size = FileStatus(of: cluster.logPath)?.sizeBytes, size > Self.serverLogBytesMax else { return }
        let folder = try cluster.folder(account)
        do throws(FileFault) {
            try folder.rename(Cluster.logName, to: Cluster.logName + ".1")
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }

    // MARK: Stop

    /// Ends the server, if one runs: open transactions are rolled back, connections closed, everything written.
    func stop() async throws(EmbeddedPostgresError) {
        guard let running = Postmaster.running(on: cluster.dataDirectory) else { return }
        let outcome = try await pgCtl(["stop", "--mode", "fast", "--wait", "--timeout", "\(Self.stopSecondsMax)"])
        guard outcome.succeeded || !running.isAlive else {
            throw EmbeddedPostgresError(
                .stopFailed,
                "Postgres (process \(running.processID)) did not stop within \(Self.stopSecondsMax) s, and still runs; "
                    + "\(cluster.logPath) may say why:\n\(TextFile.lastLines(Self.quotedLines, of: outcome.output))")
        }
    }

    // MARK: Ask

    /// Makes the database where it is missing, and so proves that the server answers on our socket.
    func makeDatabaseIfMissing() async throws(EmbeddedPostgresError) {
        let name = Cluster.databaseName
        let found = try await sql("SELECT count(*) FROM pg_database WHERE datname = '\(name)'")
        guard found.split(separator: "\n").first == "0" else { return }
        _ = try await sql(
            "CREATE DATABASE \(name) OWNER postgres TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        // Some error messages quote values. Whoever made the statement gets them; of its sessions the server's log
        // keeps none, and of the server's own processes all.
        _ = try await sql("ALTER DATABASE \(name) SET log_min_messages = log")
    }

    private func sql(_ statement: String) async throws(EmbeddedPostgresError) -> String {
        let target = ["-h", cluster.socketDirectory, "-p", "\(Cluster.port)", "-U", "postgres", "-d", "postgres"]
        let arguments = ["-X", "-w", "-A", "-t", "-q", "-c", statement] + target
        return try await require(binaries.path("psql"), arguments, .startFailed)
    }

    private var tool: Tool { Tool(account: account) }

    private func pgCtl(_ arguments: [String]) async throws(EmbeddedPostgresError) -> Tool.Outcome {
        try await tool.run(binaries.path("pg_ctl"), arguments + ["--silent", "--pgdata", cluster.dataDirectory])
    }

    @discardableResult
    private func require(
        _ path: String, _ arguments: [String], _ code: EmbeddedPostgresError.Code
    ) async throws(EmbeddedPostgresError) -> String {
        let outcome = try await tool.run(path, arguments)
        guard outcome.succeeded else {
            throw EmbeddedPostgresError(
                code, "\(path) failed:\n\(TextFile.lastLines(Self.quotedLines, of: outcome.output))")
        }
        return outcome.output
    }
}

/// Sleeps, unless the caller was cancelled.
func pause(_ duration: Duration) async throws(EmbeddedPostgresError) {
    do {
        try await Task.sleep(for: duration)
    } catch {
        throw EmbeddedPostgresError(.cancelled, "cancelled while waiting for Postgres")
    }
}
