import LedgerStore
import Observation
import Postgres
import Server
import Testing

/// Behaviour that only shows on a real connection; the rest is left to the acceptance tests.
@Suite struct `A listening server` {
    private static let entry = #"{"kind":"send","outcome":"sent","message_id":"a@b"}"#

    @Test func `records a call with its step, and shows both in the life of the message`() async throws {
        try await TestServer.run { server in
            let headers = ["Step-Engine: inngest", "Step-Run-Id: r1", "Step-Attempt: 1", "Idempotency-Key: k1"]
            let first = try await server.call("POST", "/v1/entries", headers: headers, body: Self.entry)
            #expect(first.status == 201, "\(first.text)")
            let again = try await server.call("POST", "/v1/entries", headers: headers, body: Self.entry)
            #expect(again.status == 200 && again.header("Idempotent-Replayed") == "true")
            let message = try await server.call("GET", "/v1/messages/%3Ca%40b%3E")
            #expect(message.body.contains(#""state":"called","seqs":[3]}],"alignment":[]}"#), "\(message.body)")
            let odd = try await server.call(
                "POST", "/v1/entries", headers: ["Step-Engine: Inngest!"], body: Self.entry)
            #expect(odd.status == 201)
            let noted = try await server.call("GET", "/v1/entries/4")
            #expect(noted.body.contains(#""step_headers":{"Step-Engine":"Inngest!"}"#), "\(noted.body)")
        }
    }

    @Test func `refuses keys in the header that would be taken for one another`() async throws {
        try await TestServer.run { server in
            let start = """
                POST /v1/entries HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer \(server.admin)\r\n\
                Content-Type: application/json\r\nContent-Length: \(Self.entry.utf8.count)\r\nIdempotency-Key:
                """
            for key in [[0x61, 0x80], [0x61, 0x85], [0x61, 0x09, 0x62], [0xC3, 0xA9]] as [[UInt8]] {
                let request = Array(start.utf8) + key + Array("\r\n\r\n\(Self.entry)".utf8)
                let answer = try await RawConnection.open(port: server.port) { sender, receiver in
                    try await sender.send(request)
                    return try await receiver.answer()
                }
                #expect(answer.status == 400 && answer.text.contains("printable ASCII"), "\(answer.text)")
            }
        }
    }

    @Test func `says what it erased, and what stood in the way`() async throws {
        try await TestServer.run { server in
            let mail = #"{"kind":"send","outcome":"sent","personal":{"recipient":"Jane@x.example","subject":"hello"}}"#
            let wish = #"{"subject":"jane@x.example","legal_basis":"a wish","requester":"the person"}"#
            #expect(try await server.call("POST", "/v1/entries", body: mail).status == 201)
            let held = try await server.call(
                "POST", "/v1/legal-holds", body: #"{"subject":"jane@x.example","reference":"7","reason":"a case"}"#)
            let id = held.body.split(separator: "\"").first { $0.hasPrefix("hold_") } ?? ""
            #expect(held.status == 201 && !id.isEmpty, "\(held.text)")
            let refused = try await server.call("POST", "/v1/erasures", body: wish)
            #expect(refused.status == 409 && refused.body.contains(#""code":"held""#), "\(refused.text)")
            #expect(refused.body.hasSuffix(#""holds":["\#(id)"],"seq":4}"#), "\(refused.body)")
            #expect(try await server.call("DELETE", "/v1/legal-holds/\(id)").status == 200)
            let erased = try await server.call("POST", "/v1/erasures", body: wish)
            #expect(erased.body.hasPrefix(#"{"found":true,"erased_by":[6],"#), "\(erased.text)")
            #expect(erased.body.hasSuffix(#""entries":3,"seqs":["2-4"]}"#), "\(erased.body)")
            let shown = try await server.call("GET", "/v1/entries/2")
            #expect(shown.body.hasSuffix(#","erased_by":6}"#) && !shown.body.contains("disclosures"), "\(shown.body)")
        }
    }

    @Test func `tells nobody why a token is not good`() async throws {
        try await TestServer.run { server in
            let made = try await server.call("POST", "/v1/tokens", body: #"{"name":"r","scopes":["read"]}"#)
            let token = made.body.split(separator: "\"").first { $0.hasPrefix("mm_live_") }.map(String.init) ?? ""
            let id = made.body.split(separator: "\"").first { $0.hasPrefix("tok_") } ?? ""
            #expect(try await server.call("GET", "/v1/tree", token: token).status == 200)
            #expect(try await server.call("POST", "/v1/entries", token: token, body: Self.entry).status == 403)
            #expect(try await server.call("DELETE", "/v1/tokens/\(id)").status == 200)
            let unknown = String(server.admin.dropLast(4)) + "AAAA"
            var answers: Set<String> = []
            for bad in [token, unknown, "mm_live_x", ""] {
                let answer = try await server.call("GET", "/v1/tree", token: bad)
                answers.insert(answer.text.replacing(/Date: [^\r]*/, with: ""))
            }
            #expect(answers.count == 1 && answers.first?.hasPrefix("HTTP/1.1 401 ") == true)
            #expect(server.observations.all.contains(.tokenRefused(reason: "unknown")))
        }
    }

    @Test func `answers a body that is too long, and the connection lives on`() async throws {
        try await TestServer.run { server in
            let size = ServerConfiguration.bodySizeMax + 1
            let head = """
                POST /v1/entries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(server.admin)\r\n\
                Content-Type: application/json\r\nContent-Length: \(size)\r\n\r\n
                """
            let answer = try await RawConnection.open(port: server.port) { sender, receiver in
                try await sender.send(head)
                try await sender.send([UInt8](repeating: UInt8(ascii: " "), count: size))
                try await sender.send("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return try await receiver.answer()
            }
            #expect(answer.status == 413 && answer.text.contains(#""limit":8388608"#), "\(answer.text)")
            #expect(answer.text.hasSuffix(#"{"status":"ok"}"#))
        }
    }

    @Test func `tells a caller who waits to send its body to go on`() async throws {
        try await TestServer.run { server in
            let answer = try await RawConnection.open(port: server.port) { sender, receiver in
                try await sender.send(
                    """
                    POST /v1/entries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(server.admin)\r\n\
                    Content-Type: application/json\r\nContent-Length: \(Self.entry.utf8.count)\r\n\
                    Expect: 100-continue\r\nConnection: close\r\n\r\n
                    """)
                return try await receiver.answer { text in
                    text.hasSuffix("\r\n\r\n")
                } then: {
                    try await sender.send(Self.entry)
                }
            }
            #expect(answer.text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n"), "\(answer.text)")
        }
    }

    @Test(arguments: ["Content-Length: 500", "Transfer-Encoding: chunked"])
    func `appends nothing of a body that breaks off`(_ framing: String) async throws {
        try await TestServer.run { server in
            let line = Self.entry + "\n"
            let piece = framing.hasPrefix("T") ? "\(String(line.utf8.count, radix: 16))\r\n\(line)\r\n" : line
            _ = try await RawConnection.open(port: server.port) { sender, receiver in
                try await sender.send(
                    """
                    POST /v1/entries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(server.admin)\r\n\
                    Content-Type: application/x-ndjson\r\n\(framing)\r\n\r\n\(piece)
                    """)
                sender.finish()
                return try await receiver.answer()
            }
            #expect(try await server.store.head(of: server.ledger).size == 2)
        }
    }

    @Test func `cuts off a request that drips`() async throws {
        var configuration = ServerConfiguration(port: 0)
        configuration.receiveTimeout = .milliseconds(300)
        try await TestServer.run(configuration) { server in
            let answer = try await RawConnection.open(port: server.port) { sender, receiver in
                try await sender.send(
                    """
                    POST /v1/entries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(server.admin)\r\n\
                    Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n
                    """)
                let piece = Self.entry + "\n"
                for _ in 0..<20 {
                    try? await sender.send("\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n")
                    try await Task.sleep(for: .milliseconds(50))
                }
                return try await receiver.answer()
            }
            #expect(!answer.text.contains(" 20"), "\(answer.text)")
            #expect(try await server.store.head(of: server.ledger).size == 2)
        }
    }

    @Test func `exports what was there before the export, and records it`() async throws {
        try await TestServer.run { server in
            let batch = "[" + [String](repeating: Self.entry, count: 3_000).joined(separator: ",") + "]"
            #expect(try await server.call("POST", "/v1/entries", body: batch).status == 201)
            let answer = try await server.call("GET", "/v1/export?message_id=a@b")
            #expect(answer.header("Content-Type") == "application/x-ndjson")
            #expect(answer.text.ranges(of: #"{"format":"countersign/1","#).count == 3_000)
            #expect(answer.text.hasSuffix("\r\n0\r\n\r\n"))
            let record = try await server.call("GET", "/v1/entries?kind=access&outcome=exported")
            #expect(record.body.contains(#""filter":{"message_id":["<a@b>"]}"#), "\(record.body)")
        }
    }

    @Test func `breaks an export off when the database fails, without an end`() async throws {
        try await TestServer.run { server in
            let long = #"{"kind":"send","outcome":"sent","data":{"x":"\#(String(repeating: "x", count: 50_000))"}}"#
            let batch = "[" + [String](repeating: long, count: 160).joined(separator: ",") + "]"
            for _ in 0..<3 {
                #expect(try await server.call("POST", "/v1/entries", body: batch).status == 201)
            }
            let answer = try await RawConnection.open(port: server.port) { sender, receiver in
                try await sender.send(
                    """
                    GET /v1/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(server.admin)\r\n\
                    Connection: close\r\n\r\n
                    """)
                return try await receiver.answer {
                    $0.contains("countersign/1")
                } then: {
                    let connection = try await Connection.open(server.target, deadline: .now + .seconds(10))
                    _ = try await connection.execute(
                        script: "ALTER TABLE countersign.entries RENAME TO gone", deadline: .now + .seconds(10))
                    await connection.close()
                }
            }
            #expect(answer.status == 200 && !answer.text.hasSuffix("\r\n0\r\n\r\n"))
            #expect(answer.text.ranges(of: #"{"data":{"x":"#).count < 480)
        }
    }

    @Test func `names the methods of a path, and says what media types it takes`() async throws {
        try await TestServer.run { server in
            let wrong = try await server.call("PUT", "/v1/tokens")
            #expect(wrong.status == 405 && wrong.header("Allow") == "POST, GET")
            let head = try await server.call("HEAD", "/health")
            #expect(head.status == 405 && head.body.isEmpty)
            #expect(try await server.call("GET", "/v1/nothing").status == 404)
            let media = try await server.call(
                "POST", "/v1/entries", headers: ["Content-Type: text/plain"], body: Self.entry)
            #expect(media.status == 415)
            #expect(try await server.call("GET", "/ready").body == #"{"status":"ready","checks":{"database":"ok"}}"#)
        }
    }
}
