import NIOCore
import NIOPosix

/// A connection to the server that sends bytes as they stand and shows what comes back.
enum RawConnection {
    /// What the server answered.
    struct Answer: Sendable {
        /// The whole text, head and body.
        let text: String

        var status: Int { Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0 }
        var body: String { text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }

        func header(_ name: String) -> String? {
            text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("\(name.lowercased()): ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
    }

    /// Lends `body` a way to send and a way to wait for everything until the server closes.
    static func open<Result: Sendable>(
        port: Int, _ body: @Sendable (Sender, Receiver) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(Sender(outbound: outbound), Receiver(inbound: inbound))
        }
    }

    struct Sender: Sendable {
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

        func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }
        func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }
        /// Nothing more will be sent.
        func finish() { outbound.finish() }
    }

    struct Receiver: Sendable {
        fileprivate let inbound: NIOAsyncChannelInboundStream<ByteBuffer>

        /// Everything until the server closes. Once what came is `enough`, `next` is done.
        func answer(
            until enough: (String) -> Bool = { _ in false }, then next: () async throws -> Void = {}
        ) async throws -> Answer {
            var bytes: [UInt8] = []
            var isDone = false
            do {
                for try await buffer in inbound {
                    bytes += Array(buffer.readableBytesView)
                    guard !isDone, enough(String(decoding: bytes, as: UTF8.self)) else { continue }
                    isDone = true
                    try await next()
                }
            } catch is IOError {
                // A connection that was cut counts as closed; the test looks at what came before.
            }
            return Answer(text: String(decoding: bytes, as: UTF8.self))
        }
    }
}

extension TestServer {
    /// One request on a connection of its own.
    func call(
        _ method: String, _ path: String, token: String? = nil, headers: [String] = [], body: String? = nil
    ) async throws -> RawConnection.Answer {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close"] + headers
        lines.append("Authorization: Bearer \(token ?? admin)")
        if let body {
            lines.append("Content-Length: \(body.utf8.count)")
            if !headers.contains(where: { $0.hasPrefix("Content-Type") }) {
                lines.append("Content-Type: application/json")
            }
        }
        let text = lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
        return try await RawConnection.open(port: port) { sender, receiver in
            try await sender.send(text)
            return try await receiver.answer()
        }
    }
}
