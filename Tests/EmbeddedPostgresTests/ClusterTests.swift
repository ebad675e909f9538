import Testing

@testable import EmbeddedPostgres

@Suite(.timeLimit(.minutes(3))) struct `A private cluster` {
    @Test func `is made, started and reached over its socket`() async throws {
        try await Scratch.with { scratch in
            let events = Events()
            let postgres = EmbeddedPostgres(try scratch.cluster, observe: events.observe)
            try await postgres.start()
            #expect(try await scratch.ask("SELECT current_user") == "postgres")
            #expect(try await scratch.ask("SHOW data_checksums") == "on")
            #expect(try await scratch.ask("SHOW listen_addresses") == "")
            #expect(try await scratch.ask("SHOW server_encoding") == "UTF8")
            #expect(try await scratch.ask("SHOW lc_collate") == "C")
            #expect(try await scratch.ask("SHOW wal_compression") == "lz4")
            #expect(try await scratch.ask("SHOW timezone") == "UTC")
            try await postgres.stop()
            #expect(Postmaster.running(on: try scratch.cluster.dataDirectory) == nil)
            #expect(await events.until(.stopped) == [.starting, .started(adopted: false), .stopped])
        }
    }
}
