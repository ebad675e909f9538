import FoundationEssentials
import Glibc
import Outbound
import Subprocess
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(2))) struct `A call to another server` {
    private let client = HTTPClient(callsMax: 4)
    private let limits = HTTPLimits(connectTimeout: .seconds(20), timeout: .seconds(20), answerSizeMax: 10_000)

    /// The error of `call`; nil, with the issue recorded, if there was none.
    private func error(
        of call: HTTPCall, within limits: HTTPLimits? = nil, by client: HTTPClient? = nil
    ) async -> OutboundError? {
        await #expect(throws: OutboundError.self) {
            try await (client ?? self.client).answer(to: call, within: limits ?? self.limits)
        }
    }

    // MARK: The rule

    @Test func `gets status, media type and body`() async throws {
        try await Server.with { server async throws in
            let hello = try await client.answer(to: .get(server.url("/hello")), within: limits)
            let expected = HTTPAnswer(
                status: 200, contentType: "text/plain; charset=utf-8", body: Array("hello".utf8))
            #expect(hello == expected)
            let bare = try await client.answer(to: .get(server.url("/bare")), within: limits)
            #expect(bare == HTTPAnswer(status: 404, body: []))
        }
    }

    @Test(arguments: [0, 1, 256, 9_000, 3_000_000])
    func `brings a body over byte for byte`(size: Int) async throws {
        try await Server.with { server async throws in
            var limits = limits
            limits.answerSizeMax = size
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
            let call = HTTPCall.post(body, as: "application/timestamp-query", to: server.url("/echo"))
            let answer = try await client.answer(to: call, within: limits)
            #expect(answer.status == 200)
            #expect(answer.contentType == "application/timestamp-query")
            #expect(answer.body == body)
        }
    }

    @Test func `says who calls, and sends the headers that it was given`() async throws {
        try await Server.with { server async throws in
            let headers = [HTTPCall.Header("X-Empty", ""), HTTPCall.Header("Authorization", "Bearer a b")]
            let answer = try await client.answer(to: .get(server.url("/headers"), headers: headers), within: limits)
            let expected = """
                accept: */*
                authorization: Bearer a b
                host: 127.0.0.1:\(server.port)
                user-agent: countersign
                x-empty: 
                """
            #expect(String(decoding: answer.body, as: UTF8.self) == expected)
        }
    }

    @Test func `returns a redirect and does not follow it`() async throws {
        try await Server.with { server async throws in
            let answer = try await client.answer(to: .get(server.url("/redirect")), within: limits)
            let expected = HTTPAnswer(status: 302, location: "/hello", body: Array("elsewhere".utf8))
            #expect(answer == expected)
            _ = try await client.answer(to: .get(server.url("/bare")), within: limits)
            #expect(try await server.next() == "GET /redirect")
            #expect(try await server.next() == "GET /bare")
        }
    }

    @Test func `waits its turn when all threads are taken`() async throws {
        try await Server.with { server async throws in
            let client = HTTPClient(callsMax: 1)
            let (url, silent, limits) = (server.url("/hello"), server.url("/silent"), limits)
            let first = Task { try await client.answer(to: .get(silent), within: limits) }
            #expect(try await server.next() == "GET /silent")
            let others = (0..<3).map { _ in Task { try await client.answer(to: .get(url), within: limits) } }
            first.cancel()
            for other in others { #expect(try await other.value.status == 200) }
        }
    }

    // MARK: The edge

    @Test(arguments: ["/1000", "/endless"])
    func `ends where the answer is larger than allowed`(path: String) async throws {
        try await Server.with { server async throws in
            var limits = limits
            limits.answerSizeMax = 999
            #expect(await error(of: .get(server.url(path)), within: limits) == .tooLarge(limit: 999))
            limits.answerSizeMax = 1_000
            guard path == "/1000" else { return }
            #expect(try await client.answer(to: .get(server.url(path)), within: limits).body.count == 1_000)
        }
    }

    @Test func `ends where the headers are larger than allowed`() async throws {
        try await Server.with { server async throws in
            let error = await error(of: .get(server.url("/many-headers")))
            #expect(error == .tooLarge(limit: HTTPLimits.headersSizeMax))
        }
    }

    @Test(arguments: ["/silent", "/drip"])
    func `ends in time where the server does not`(path: String) async throws {
        try await Server.with { server async throws in
            var limits = limits
            limits.timeout = .milliseconds(300)
            let start = ContinuousClock.now
            #expect(await error(of: .get(server.url(path)), within: limits) == .timedOut)
            let time = ContinuousClock.now - start
            #expect(time >= .milliseconds(300) && time < .seconds(10), "\(time)")
            #expect(try await server.next() == "GET \(path)")
            #expect(try await server.next() == "closed \(path)")
        }
    }

    @Test func `ends in time where the server says nothing to a secure connection`() async throws {
        try await Server.with { server async throws in
            var limits = limits
            limits.connectTimeout = .milliseconds(300)
            let start = ContinuousClock.now
            #expect(await error(of: .get("https://127.0.0.1:\(server.deafPort)/"), within: limits) == .timedOut)
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }

    @Test func `says that a server cannot be reached`() async throws {
        var port = 0
        try await Server.with { port = $0.port }
        guard case .unreachable = await error(of: .get("http://127.0.0.1:\(port)/hello")) else {
            Issue.record("nobody listens, and something else is said")
            return
        }
        // Too long for a label: no name server is asked.
        guard case .unreachable = await error(of: .get("http://\(String(repeating: "a", count: 64)).test/")) else {
            Issue.record("the name does not exist, and something else is said")
            return
        }
    }

    @Test(arguments: ["/torn", "/no-http"])
    func `says that an answer is none`(path: String) async throws {
        try await Server.with { server async throws in
            guard case .broken = await error(of: .get(server.url(path))) else {
                Issue.record("half an answer is taken for one")
                return
            }
        }
    }

    @Test func `ends at once when its task is cancelled, and closes the connection`() async throws {
        try await Server.with { server async throws in
            let (client, limits, url) = (client, limits, server.url("/silent"))
            let task = Task {
                try await client.answer(to: .get(url), within: limits)
            }
            #expect(try await server.next() == "GET /silent")
            task.cancel()
            await #expect(throws: OutboundError.cancelled) { try await task.value }
            #expect(try await server.next() == "closed /silent")
        }
    }

    @Test func `is not made when its task was cancelled before`() async throws {
        try await Server.with { server async throws in
            let (client, limits, url) = (client, limits, server.url("/hello"))
            let task = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return try await client.answer(to: .get(url), within: limits)
            }
            await #expect(throws: OutboundError.cancelled) { try await task.value }
            _ = try await client.answer(to: .get(server.url("/bare")), within: limits)
            #expect(try await server.next() == "GET /bare")
        }
    }

    // MARK: The attack

    @Test(arguments: [
        "file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "127.0.0.1/hello", "", "http:/x", "http://",
        "http://a b/", "http://user:secret@127.0.0.1/", "http://127.0.0.1/\u{0}", "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1:99999/", "http://exämple.test/",
    ])
    func `is not made to what is no address of HTTP`(url: String) async {
        #expect(await error(of: .get(url)) == .invalidURL)
    }

    @Test(arguments: [
        HTTPCall.Header("X", "a\r\nY: b"), HTTPCall.Header("X\n", "a"), HTTPCall.Header("X Y", "a"),
        HTTPCall.Header("X:Y", "a"), HTTPCall.Header("", "a"), HTTPCall.Header("X", "a\u{0}"),
        HTTPCall.Header("Ä", "a"),
    ])
    func `is not made with a header that is more than one`(header: HTTPCall.Header) async {
        #expect(await error(of: .get("http://127.0.0.1:1/", headers: [header])) == .invalidHeader)
    }

    @Test func `over TLS is made to a server that a trusted certificate vouches for, and to no other`() async throws {
        let folder = try Self.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let command =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 30 "
            + "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
        let made = try await Subprocess.run(
            .name("openssl"), arguments: Arguments(command.split(separator: " ").map(String.init)),
            workingDirectory: FilePath(folder), output: .discarded, error: .discarded)
        try #require(made.terminationStatus.isSuccess)
        try await Server.with(certificate: ["\(folder)/cert.pem", "\(folder)/key.pem"]) { server async throws in
            guard case .tls = await error(of: .get("https://127.0.0.1:\(server.port)/hello")) else {
                Issue.record("a stranger is trusted")
                return
            }
            let trusting = HTTPClient(callsMax: 1, trustedCertificatesFile: "\(folder)/cert.pem")
            let hello = HTTPCall.get("https://127.0.0.1:\(server.port)/hello")
            #expect(try await trusting.answer(to: hello, within: limits).body == Array("hello".utf8))
            // The certificate is for the address, not for the name.
            let named = HTTPCall.get("https://localhost:\(server.port)/hello")
            guard case .tls = await error(of: named, by: trusting) else {
                Issue.record("a certificate of another name is taken")
                return
            }
        }
    }

    @Test func `whose error is shown says nothing of the call`() async {
        let call = HTTPCall.post(
            Array("secret".utf8), as: "text/plain", to: "http://127.0.0.1:1/?key=secret",
            headers: [HTTPCall.Header("Authorization", "secret")])
        let error = await error(of: call)
        #expect(error.map { "\($0)".contains("secret") } == false)
        #expect(error.map { "\($0)".hasPrefix("the server cannot be reached: ") } == true)
    }

    private static func makeFolder() throws -> String {
        var template = Array("/tmp/outbound-XXXXXX".utf8CString)
        let path = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, unsafe mkdtemp(start) != nil else { return nil }
            return unsafe String(cString: start)
        }
        return try #require(path)
    }
}
