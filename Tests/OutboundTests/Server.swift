import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

/// `server.py` beside this file, on a port of its own, until the end of one test.
final class Server {
    let port: Int
    /// Where connections are taken, and nothing is ever said.
    let deafPort: Int
    private var lines: SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator

    private init(_ lines: SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator) async throws {
        var lines = lines
        let ports = try await lines.next()?.split(separator: " ").compactMap { Int($0) }
        port = try #require(ports?.first)
        deafPort = try #require(ports?.last)
        self.lines = lines
    }

    /// Lends a server to `body`: with TLS if a certificate and its key are given, as files.
    static func with(certificate: [String] = [], _ body: (Server) async throws -> Void) async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "server.py").path
        let result = try await Subprocess.run(
            .name("python3"), arguments: Arguments([script] + certificate),
            input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            // It ends when its standard input does: with this closure, or with this process.
            let lines = execution.standardOutput.strings().makeAsyncIterator()
            try await body(try await Server(lines))
        }
        #expect(result.terminationStatus.isSuccess)
    }

    /// The address of a path on it.
    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// The next thing that happened there.
    func next() async throws -> String? { try await lines.next() }
}
