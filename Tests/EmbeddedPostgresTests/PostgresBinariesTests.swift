import Files
import FoundationEssentials
import Glibc
import Testing

@testable import EmbeddedPostgres

@Suite struct `The search for Postgres` {
    @Test func `takes the newest release from 15 on`() async throws {
        try await Scratch.with { scratch in
            for release in [9, 14, 15, 16] { try Self.install(release, in: scratch.directory) }
            let search = PostgresSearch(root: scratch.directory, path: [])
            #expect(try await search.find(major: nil).directory == scratch.directory + "/16/bin")
        }
    }

    @Test func `takes the release that made the data, whatever else is there`() async throws {
        try await Scratch.with { scratch in
            for release in [15, 16] { try Self.install(release, in: scratch.directory) }
            let search = PostgresSearch(root: scratch.directory, path: [])
            #expect(try await search.find(major: 15).directory == scratch.directory + "/15/bin")
            let error = await #expect(throws: EmbeddedPostgresError.self) { try await search.find(major: 17) }
            #expect(error?.code == .versionMismatch)
            #expect(error?.reason.contains("apt-get install postgresql-17") == true)
            #expect(error?.reason.contains("15 in \(scratch.directory)/15/bin") == true)
        }
    }

    @Test func `asks pg_config and looks through PATH where Debian's folder is missing`() async throws {
        try await Scratch.with { scratch in
            try Self.install(16, in: scratch.directory)
            let bin = scratch.directory + "/16/bin"
            let onPath = PostgresSearch(root: "/nonexistent", path: ["/nonexistent", bin])
            #expect(try await onPath.find(major: nil) == PostgresBinaries(directory: bin, major: 16))
            let tools = scratch.directory + "/tools"
            unsafe mkdir(tools, 0o755)
            try Self.script("echo \(bin)", at: tools + "/pg_config")
            let byConfig = PostgresSearch(root: "/nonexistent", path: [tools])
            #expect(try await byConfig.find(major: nil) == PostgresBinaries(directory: bin, major: 16))
        }
    }

    @Test func `says where it looked and what to install`() async throws {
        try await Scratch.with { scratch in
            try Self.install(14, in: scratch.directory)
            try Self.install(15, in: scratch.directory)
            unsafe unlink(scratch.directory + "/15/bin/initdb")
            let search = PostgresSearch(root: scratch.directory, path: ["/nonexistent/bin"])
            let error = await #expect(throws: EmbeddedPostgresError.self) { try await search.find(major: nil) }
            #expect(error?.code == .binariesMissing)
            for part in [
                "\(scratch.directory)/15/bin", "/nonexistent/bin", "\(scratch.directory)/14/bin is release 14",
                "apt-get install postgresql",
            ] {
                #expect(error?.reason.contains(part) == true, "\(part)")
            }
        }
    }

    @Test func `is done once a cluster of another release is met`() async throws {
        try await Scratch.with { scratch in
            let cluster = scratch.cluster
            let account = try Account.server(of: cluster)
            try await DataFolder(cluster: cluster, account: account).prepare()
            #expect(try await Tool(account: account).run("/bin/mkdir", ["-m", "700", cluster.dataDirectory]).succeeded)
            try cluster.dataFolder(account).replace("PG_VERSION", with: Array("12\n".utf8))
            let error = await #expect(throws: EmbeddedPostgresError.self) {
                try await EmbeddedPostgres(cluster).start()
            }
            #expect(error?.code == .versionMismatch)
        }
    }

    private static func install(_ release: Int, in root: String) throws {
        let bin = "\(root)/\(release)/bin"
        try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
        for program in PostgresBinaries.required {
            try script("echo '\(program) (PostgreSQL) \(release).3 (Debian)'", at: bin + "/" + program)
        }
    }

    /// Written by a shell: a descriptor of ours that another test's child inherits would keep the file from being run
    /// (ETXTBSY).
    private static func script(_ text: String, at path: String) throws {
        let outcome = unsafe system(
            "cat > '\(path)' <<'END_OF_SCRIPT'\n#!/bin/sh\n\(text)\nEND_OF_SCRIPT\nchmod 755 '\(path)'")
        #expect(outcome == 0)
    }
}
