import Files
import FoundationEssentials
import Glibc
import Testing

@testable import EmbeddedPostgres

@Suite(.timeLimit(.minutes(3))) struct `The data directory` {
    @Test func `is refused, untouched, when the socket's path would be too long`() async throws {
        try await Scratch.with { scratch in
            let room = Cluster.socketPathBytesMax - "/.s.PGSQL.5432".utf8.count
            let long = scratch.directory + "/" + String(repeating: "é", count: 60)
            let error = #expect(throws: EmbeddedPostgresError.self) { try Cluster(directory: long) }
            #expect(error?.code == .socketPathTooLong)
            let length = long.utf8.count + 14
            #expect(error?.reason.contains("\(long)/.s.PGSQL.5432 is \(length) bytes long") == true)
            #expect(error?.reason.contains("107") == true)
            // The longest that Unix sockets can do is done.
            let name = String(repeating: "a", count: room - scratch.directory.utf8.count - 1)
            let longest = try Cluster(directory: scratch.directory + "/" + name)
            #expect(longest.socketPath.utf8.count == 107)
            #expect(throws: EmbeddedPostgresError.self) { try Cluster(directory: longest.directory + "a") }
            try await EmbeddedPostgres.withCluster(longest, use: .command) { _ in }
        }
    }

    @Test func `is refused, unmade, when the server's account cannot get there`() async throws {
        try await Scratch.with { scratch in
            guard geteuid() == 0 else { return }
            let closed = scratch.directory + "/closed"
            unsafe mkdir(closed, 0o700)
            let cluster = try Cluster(directory: closed + "/new/d")
            let error = await #expect(throws: EmbeddedPostgresError.self) {
                try await EmbeddedPostgres(cluster).start()
            }
            #expect(error?.code == .directoryUnreachable)
            #expect(
                error?.reason.contains("user postgres cannot pass through \(closed) (mode 700, owner root)") == true)
            #expect(error?.reason.contains("chmod o+x \(closed)") == true)
            #expect(FileStatus(of: closed + "/new") == nil)
        }
    }

    @Test func `is opened to the server when it is empty, and keeps the server off our files`() async throws {
        try await Scratch.with { scratch in
            let cluster = scratch.cluster
            unsafe mkdir(cluster.directory, 0o700)
            let key = cluster.directory + "/master.key"
            try await EmbeddedPostgres.withCluster(cluster, use: .service) { _ in
                let descriptor = unsafe open(key, O_CREAT | O_WRONLY, 0o600)
                close(descriptor)
            }
            #expect(FileStatus(of: cluster.directory)?.mode == (geteuid() == 0 ? 0o1770 : 0o700))
            guard geteuid() == 0 else { return }
            let server = Tool(account: try .server(of: cluster))
            #expect(try await !server.run("/bin/cat", [key]).succeeded)
            #expect(try await !server.run("/bin/mv", [key, key + ".away"]).succeeded)
            #expect(try await !server.run("/bin/rm", ["-f", key]).succeeded)
            // With the key in it the folder is known again when its mode was lost.
            unsafe chmod(cluster.directory, 0o700)
            try await EmbeddedPostgres.withCluster(cluster, use: .service) { _ in }
        }
    }

    @Test(arguments: [UInt32(0o700), 0o777]) func `is refused when it holds other people's files`(
        mode: UInt32
    ) async throws {
        try await Scratch.with { scratch in
            guard geteuid() == 0 || mode == 0o777 else { return }
            let cluster = scratch.cluster
            unsafe mkdir(cluster.directory, 0o700)
            unsafe mkdir(cluster.directory + "/letters", 0o700)
            unsafe chmod(cluster.directory, mode)
            let error = await #expect(throws: EmbeddedPostgresError.self) {
                try await EmbeddedPostgres(cluster).start()
            }
            #expect(error?.code == .directoryNotOurs)
            #expect(FileStatus(of: cluster.directory)?.mode == mode)
        }
    }

    @Test func `is refused when its postgres folder is no cluster`() async throws {
        try await Scratch.with { scratch in
            let cluster = scratch.cluster
            let account = try Account.server(of: cluster)
            try await DataFolder(cluster: cluster, account: account).prepare()
            #expect(try await Tool(account: account).run("/bin/mkdir", ["-p", cluster.dataDirectory + "/x"]).succeeded)
            let error = await #expect(throws: EmbeddedPostgresError.self) {
                try await EmbeddedPostgres(cluster).start()
            }
            #expect(error?.code == .directoryNotOurs)
        }
    }

    @Test func `may be a symbolic link, or have blanks and quotes in its name`() async throws {
        try await Scratch.with { scratch in
            let odd = scratch.directory + "/it's a b"
            try await EmbeddedPostgres.withCluster(try Cluster(directory: odd), use: .command) { _ in }
            let link = scratch.directory + "/link"
            unsafe symlink(odd, link)
            try await EmbeddedPostgres.withCluster(try Cluster(directory: link + "//./"), use: .command) { _ in }
        }
    }

    @Test func `is refused when a shell or libpq would read its name otherwise`() {
        for name in ["/tmp/$HOME", "/tmp/a\"b", "/tmp/`id`", "/tmp/a\\b", "/tmp/a\nb", "/tmp/a,b", "/", "/./"] {
            let error = #expect(throws: EmbeddedPostgresError.self) { try Cluster(directory: name) }
            #expect(error?.code == .directoryUnusable, "\(name)")
        }
    }

    @Test func `may be given as a path from here`() throws {
        let cluster = try Cluster(directory: "./d/")
        #expect(cluster.directory == FileManager.default.currentDirectoryPath + "/d")
    }

    @Test func `serves an ordinary user as well as root`() async throws {
        try await Scratch.with { scratch in
            guard geteuid() == 0 else { return }
            let directory = scratch.directory + "/n"
            unsafe mkdir(directory, 0o700)
            unsafe chown(directory, 65534, 65534)
            await #expect(processExitsWith: .success) { [directory = directory as String] in
                try #require(setgroups(0, nil) == 0 && setgid(65534) == 0 && setuid(65534) == 0)
                let cluster = try Cluster(directory: directory, settings: ["shared_buffers": "16MB"])
                try await EmbeddedPostgres.withCluster(cluster, use: .service) { _ in
                    let server = try #require(Postmaster.running(on: cluster.dataDirectory))
                    #expect(FileStatus(of: "/proc/\(server.processID)")?.owner == 65534)
                }
            }
            // Root runs the same cluster as the user whose it is.
            let cluster = try Cluster(directory: directory, settings: ["shared_buffers": "16MB"])
            try await EmbeddedPostgres.withCluster(cluster, use: .command) { _ in
                let server = try #require(Postmaster.running(on: cluster.dataDirectory))
                #expect(FileStatus(of: "/proc/\(server.processID)")?.owner == 65534)
            }
        }
    }
}
