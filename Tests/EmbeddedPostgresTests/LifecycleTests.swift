import Glibc
import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Synchronization
import Testing

@testable import EmbeddedPostgres

@Suite(.timeLimit(.minutes(3))) struct `Users of one data directory` {
    @Test func `share one server, and the last service to leave stops it`() async throws {
        try await Scratch.with { scratch in
            let (first, second) = (Events(), Events())
            let one = EmbeddedPostgres(scratch.cluster, observe: first.observe)
            let other = EmbeddedPostgres(scratch.cluster, observe: second.observe)
            async let oneStarted: Void = one.start()
            async let otherStarted: Void = other.start()
            _ = try await (oneStarted, otherStarted)
            try await one.stop()
            try await scratch.requireAnswer()
            try await other.stop()
            #expect(Postmaster.running(on: scratch.cluster.dataDirectory) == nil)
            let starts = await [first.until(.leftRunning)[1], second.until(.stopped)[1]]
            #expect(starts.contains(.started(adopted: false)) && starts.contains(.started(adopted: true)))
        }
    }

    @Test func `a command that finds no server runs one for its own time`() async throws {
        try await Scratch.with { scratch in
            try await EmbeddedPostgres.withCluster(scratch.cluster, use: .command) { _ in
                try await scratch.requireAnswer()
            }
            #expect(Postmaster.running(on: scratch.cluster.dataDirectory) == nil)
        }
    }

    @Test func `a command leaves the server of a service running, even of one that was killed`() async throws {
        try await Scratch.with { scratch in
            let service = EmbeddedPostgres(scratch.cluster)
            try await service.start()
            let server = try scratch.server()
            try await EmbeddedPostgres.withCluster(scratch.cluster, use: .command) { _ in }
            #expect(server.isAlive)
            try await service.stop()
            // Started by hand, as if its service were dead.
            let control = try await PostmasterControl(scratch.cluster, .server(of: scratch.cluster))
            let (orphan, _) = try await control.bringUp()
            try await EmbeddedPostgres.withCluster(scratch.cluster, use: .command) { _ in }
            #expect(orphan.isAlive)
        }
    }

    @Test func `of two commands that overlap, the last stops the server that the first started`() async throws {
        try await Scratch.with { scratch in
            let first = EmbeddedPostgres(scratch.cluster, use: .command)
            let second = EmbeddedPostgres(scratch.cluster, use: .command)
            try await first.start()
            try await second.start()
            try await first.stop()
            try await scratch.requireAnswer()
            try await second.stop()
            #expect(Postmaster.running(on: scratch.cluster.dataDirectory) == nil)
        }
    }

    @Test func `a service that takes over the server of a command keeps it when the command ends`() async throws {
        try await Scratch.with { scratch in
            let command = EmbeddedPostgres(scratch.cluster, use: .command)
            let service = EmbeddedPostgres(scratch.cluster)
            try await command.start()
            try await service.start()
            try await command.stop()
            let server = try scratch.server()
            try await EmbeddedPostgres.withCluster(scratch.cluster, use: .command) { _ in }
            #expect(server.isAlive)
            try await service.stop()
            #expect(!server.isAlive)
        }
    }

    @Test func `a command that fails still puts its server away, and its error is the one reported`() async throws {
        struct Failure: Error {}
        try await Scratch.with { scratch in
            await #expect(throws: Failure.self) {
                try await EmbeddedPostgres.withCluster(scratch.cluster, use: .command) { _ in throw Failure() }
            }
            #expect(Postmaster.running(on: scratch.cluster.dataDirectory) == nil)
        }
    }

    @Test func `the server of a killed service is adopted by the next`() async throws {
        try await Scratch.with { scratch in
            let directory = scratch.directory + "/d"
            await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
                try await EmbeddedPostgres(Cluster(directory: directory, settings: ["shared_buffers": "16MB"])).start()
                kill(getpid(), SIGKILL)
            }
            let server = try scratch.server()
            let events = Events()
            let next = EmbeddedPostgres(scratch.cluster, observe: events.observe)
            try await next.start()
            #expect(try scratch.server() == server)
            try await next.stop()
            #expect(await events.until(.stopped) == [.starting, .started(adopted: true), .stopped])
        }
    }
}

@Suite(.timeLimit(.minutes(3))) struct `A watched server` {
    @Test func `is started again when it is killed, and keeps what was committed`() async throws {
        try await Scratch.with { scratch in
            let events = Events()
            let postgres = EmbeddedPostgres(scratch.cluster, observe: events.observe)
            try await Self.running(postgres) {
                #expect(await events.until(.started(adopted: false)) == [.starting, .started(adopted: false)])
                _ = try await scratch.ask("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
                // A backend deep in a statement outlives its postmaster and holds the shared memory.
                async let busy = scratch.psql("SELECT count(*) FROM generate_series(1, 10000000000)")
                try await Task.sleep(for: .milliseconds(300))
                kill(try scratch.server().processID, SIGKILL)
                #expect(await events.until(.restarted) == [.died, .restarted])
                #expect(try await scratch.ask("SELECT count(*) FROM kept") == "1000")
                #expect(try await !busy.succeeded)
                kill(try scratch.server().processID, SIGKILL)
                #expect(await events.until(.restarted) == [.died, .restarted])
                #expect(try await scratch.ask("SELECT count(*) FROM kept") == "1000")
            }
            #expect(await events.until(.stopped) == [.stopped])
            #expect(Postmaster.running(on: scratch.cluster.dataDirectory) == nil)
        }
    }

    @Test func `is stopped too when its task is cancelled`() async throws {
        try await Scratch.with { scratch in
            let events = Events()
            let postgres = EmbeddedPostgres(scratch.cluster, observe: events.observe)
            await withThrowingTaskGroup { group in
                group.addTask { try await postgres.run() }
                _ = await events.until(.started(adopted: false))
                group.cancelAll()
            }
            #expect(await events.until(.stopped) == [.stopped])
            #expect(Postmaster.running(on: scratch.cluster.dataDirectory) == nil)
        }
    }

    @Test func `stops last of a service group in which it stands first`() async throws {
        try await Scratch.with { scratch in
            let trace = Mutex<[String]>([])
            let stopped = Events()
            let postgres = EmbeddedPostgres(scratch.cluster) { event in
                trace.withLock { $0.append("postgres \(event)") }
                stopped.observe(event)
            }
            try await postgres.start()
            let user = Asking(scratch: scratch) { answer in trace.withLock { $0.append("user \(answer)") } }
            let group = ServiceGroup(
                services: [postgres, user], gracefulShutdownSignals: [], logger: Logger(label: "test"))
            try await withThrowingTaskGroup { tasks in
                tasks.addTask { try await group.run() }
                try await Task.sleep(for: .milliseconds(300))
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(trace.withLock { $0 }.suffix(2) == ["user 1", "postgres stopped"])
        }
    }

    /// Needs the server after the signal to end.
    private struct Asking: Service {
        let scratch: Scratch
        let answered: @Sendable (String) -> Void

        func run() async throws {
            try await gracefulShutdown()
            answered(try await scratch.ask("SELECT 1"))
        }
    }

    private static func running(
        _ postgres: EmbeddedPostgres, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await postgres.run() }
                try await body()
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }
}
