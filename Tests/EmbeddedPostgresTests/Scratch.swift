import Files
import FoundationEssentials
import Glibc
import Testing

@testable import EmbeddedPostgres

/// A short folder of its own for one test, gone at its end with the server in it.
struct Scratch {
    let directory: String
    let cluster: Cluster

    /// Lends a fresh folder to `body`.
    static func with(_ body: (Scratch) async throws -> Void) async throws {
        let directory = try makeFolder()
        let cluster = try Cluster(directory: directory + "/d", settings: ["shared_buffers": "16MB"])
        let scratch = Scratch(directory: directory, cluster: cluster)
        do {
            try await body(scratch)
        } catch {
            await scratch.remove()
            throw error
        }
        await scratch.remove()
    }

    private static func makeFolder() throws -> String {
        var template = Array("/tmp/cs-XXXXXX".utf8CString)
        let path = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, unsafe mkdtemp(start) != nil else { return nil }
            return unsafe String(cString: start)
        }
        let made = try #require(path)
        unsafe chmod(made, 0o755)
        return made
    }

    private func remove() async {
        if let server = Postmaster.running(on: cluster.dataDirectory) {
            kill(server.processID, SIGKILL)
            while server.isAlive || !Postmaster.leftovers(on: cluster.dataDirectory).isEmpty {
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// What psql answers, as the server's account.
    func ask(_ statement: String, as role: String = "postgres", database: String = "countersign") async throws -> String
    {
        let outcome = try await psql(statement, role, database)
        #expect(outcome.succeeded, "\(outcome.output)")
        return outcome.output.split(separator: "\n").joined(separator: "\n")
    }

    func requireAnswer() async throws { #expect(try await ask("SELECT 1") == "1") }

    func psql(
        _ statement: String, _ role: String = "postgres", _ database: String = "countersign", as account: Account? = nil
    ) async throws -> Tool.Outcome {
        let tool = Tool(account: try account ?? .server(of: cluster))
        let target = ["-h", cluster.socketDirectory, "-U", role, "-d", database]
        return try await tool.run("/usr/bin/psql", ["-X", "-A", "-t", "-q", "-c", statement] + target)
    }

    func server() throws -> Postmaster { try #require(Postmaster.running(on: cluster.dataDirectory)) }
}

/// Collects the events of one cluster.
actor Events {
    private let stream: AsyncStream<EmbeddedPostgres.Event>
    nonisolated let observe: @Sendable (EmbeddedPostgres.Event) -> Void

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: EmbeddedPostgres.Event.self)
        self.stream = stream
        observe = { continuation.yield($0) }
    }

    /// Every event up to and including the first `last`.
    func until(_ last: EmbeddedPostgres.Event) async -> [EmbeddedPostgres.Event] {
        var seen: [EmbeddedPostgres.Event] = []
        for await event in stream {
            seen.append(event)
            if event == last { break }
        }
        return seen
    }
}
