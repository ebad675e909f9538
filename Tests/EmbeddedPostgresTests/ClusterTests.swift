import Files
import FoundationEssentials
import Glibc
import Testing

@testable import EmbeddedPostgres

@Suite(.timeLimit(.minutes(3))) struct `A private cluster` {
    @Test func `is made, started, reached over its socket and stopped`() async throws {
        try await Scratch.with { scratch in
            let events = Events()
            let postgres = EmbeddedPostgres(scratch.cluster, observe: events.observe)
            try await postgres.start()
            try await postgres.start()
            #expect(try await scratch.ask("SELECT current_user || ' ' || current_database()") == "postgres countersign")
            for (setting, value) in [
                ("data_checksums", "on"), ("listen_addresses", ""), ("server_encoding", "UTF8"), ("lc_collate", "C"),
                ("wal_compression", "lz4"), ("timezone", "UTC"), ("fsync", "on"), ("shared_buffers", "16MB"),
            ] {
                #expect(try await scratch.ask("SHOW \(setting)") == value, "\(setting)")
            }
            try await postgres.stop()
            try await postgres.stop()
            #expect(Postmaster.running(on: scratch.cluster.dataDirectory) == nil)
            #expect(await events.until(.stopped) == [.starting, .started(adopted: false), .stopped])
        }
    }

    @Test func `lets in the accounts of its map, in the roles of its map, and nobody else`() async throws {
        try await Scratch.with { scratch in
            try await EmbeddedPostgres.withCluster(scratch.cluster, use: .service) { _ in
                let own = try Account.current()
                #expect(try await scratch.psql("SELECT 1", as: own).succeeded)
                let role = try await scratch.psql("SELECT 1", "somebody", as: own)
                #expect(!role.succeeded && role.output.contains("Peer authentication failed"), "\(role.output)")
                // Without the folder's own protection the map has to keep a stranger out.
                unsafe chmod(scratch.directory + "/d", 0o755)
                guard let nobody = Account.find(name: "nobody"), own.userID == 0 else { return }
                let stranger = try await scratch.psql("SELECT 1", as: nobody)
                #expect(
                    !stranger.succeeded && stranger.output.contains("Peer authentication failed"), "\(stranger.output)")
            }
        }
    }

    @Test func `keeps what statements say out of the server's log`() async throws {
        try await Scratch.with { scratch in
            try await EmbeddedPostgres.withCluster(scratch.cluster, use: .service) { _ in
                _ = try await scratch.ask(
                    "CREATE TABLE t (address text PRIMARY KEY, CHECK (address <> 'zq3@x.example'))")
                _ = try await scratch.ask("INSERT INTO t VALUES ('zq1@x.example')")
                for statement in [
                    "INSERT INTO t VALUES ('zq1@x.example')", "INSERT INTO t VALUES ('zq3@x.example')",
                    "SELECT 'zq2@x.example'::integer", "SELECT 1 / 0 AS zq", "SELEC 'zq'",
                ] {
                    #expect(try await !scratch.psql(statement).succeeded)
                }
            }
            let log = try #require(ForeignText.read(scratch.cluster.logPath))
            #expect(log.contains("database system is ready"))
            #expect(!log.contains("zq"), "\(log)")
        }
    }

    @Test func `is completed by the next start when initdb was interrupted`() async throws {
        try await Scratch.with { scratch in
            let cluster = scratch.cluster
            let account = try Account.server(of: cluster)
            try await DataFolder(cluster: cluster, account: account).prepare()
            let binaries = try await PostgresBinaries.find()
            // Killed half-way; its children may be at work a moment longer.
            let half = cluster.directory + "/postgres.unfinished.1"
            let script = """
                "$1" -D "$2" -U postgres --auth-local=peer -N &
                while ! test -e "$2/base/1"; do sleep 0.01; done
                kill -9 $!
                """
            _ = try await Tool(account: account).run("/bin/sh", ["-c", script, "sh", binaries.path("initdb"), half])
            #expect(FileStatus(of: half) != nil)
            try await EmbeddedPostgres.withCluster(cluster, use: .service) { _ in try await scratch.requireAnswer() }
            try await EmbeddedPostgres.withCluster(cluster, use: .service) { _ in }
            #expect(FileStatus(of: half) == nil)
        }
    }

    @Test func `that cannot start says what the server said`() async throws {
        try await Scratch.with { scratch in
            let wrong = try Cluster(directory: scratch.directory + "/d", settings: ["shared_buffers": "plenty"])
            let error = await #expect(throws: EmbeddedPostgresError.self) { try await EmbeddedPostgres(wrong).start() }
            #expect(error?.code == .startFailed)
            #expect(error?.reason.contains("invalid value for parameter \"shared_buffers\"") == true)
            // The next one, told better, is not in the way of what the first left.
            try await EmbeddedPostgres.withCluster(scratch.cluster, use: .service) { _ in }
        }
    }

    @Test func `starts though its old process number was given to another process of the same account`() async throws {
        try await Scratch.with { scratch in
            let cluster = scratch.cluster
            try await EmbeddedPostgres.withCluster(cluster, use: .service) { _ in }
            let account = try Account.server(of: cluster)
            async let other = Tool(account: account).run("/bin/sleep", ["4"])
            var holder: pid_t?
            while holder == nil {
                try await Task.sleep(for: .milliseconds(20))
                holder = Self.sleeper(account)
            }
            let text =
                "\(try #require(holder))\n\(cluster.dataDirectory)\n1\n5432\n\(cluster.directory)\n\n1 1\nready   \n"
            try cluster.dataFolder(account).replace("postmaster.pid", with: Array(text.utf8))
            try await EmbeddedPostgres.withCluster(cluster, use: .service) { _ in
                try await scratch.requireAnswer()
            }
            _ = try await other
        }
    }

    private static func sleeper(_ account: Account) -> pid_t? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.first {
            ForeignText.read("/proc/\($0)/cmdline") == "/bin/sleep\u{0}4\u{0}"
                && FileStatus(of: "/proc/\($0)")?.owner == account.userID
        }
    }
}
