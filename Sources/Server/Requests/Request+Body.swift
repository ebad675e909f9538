import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

extension Request {
    /// The whole body.
    ///
    /// A body that is too long is read to its end, within reason, so that the refusal reaches a caller who is still
    /// sending; the connection then lives on. Beyond reason it is closed.
    ///
    /// - Parameter sizeMax: the longest body that is taken, in bytes.
    func wholeBody(
        _ context: CallContext, sizeMax: Int = ServerConfiguration.bodySizeMax
    ) async throws -> [UInt8] {
        // The parser has refused what is no number. What is beyond every limit is as long as it can be.
        let declared = headers[.contentLength].map { WholeNumber.readPadded($0.utf8, max: Int.max) ?? Int.max }
        let asksFirst = headers[.expect]?.lowercased() == "100-continue"
        guard (declared ?? 0) <= (asksFirst ? sizeMax : ServerConfiguration.discardedSizeMax) else {
            throw Self.tooLarge(sizeMax, closes: true)
        }
        if asksFirst {
            // RFC 9110 §10.1.1: the caller waits for a word before it sends.
            let goOn = HTTPResponsePart.head(HTTPResponse(status: .continue))
            try? await context.channel.writeAndFlush(goOn).get()
        }
        var bytes: [UInt8] = []
        if let declared, declared <= sizeMax { bytes.reserveCapacity(declared) }
        var size = 0
        do {
            for try await buffer in body {
                size += buffer.readableBytes
                if size <= sizeMax {
                    bytes.append(contentsOf: buffer.readableBytesView)
                } else {
                    bytes = []
                    guard size <= ServerConfiguration.discardedSizeMax else {
                        throw Self.tooLarge(sizeMax, closes: true)
                    }
                }
            }
        } catch let error as HTTPParserError {
            throw error
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Self.cutOff
        }
        guard size <= sizeMax else { throw Self.tooLarge(sizeMax, closes: false) }
        // A stream that ends because the connection does looks like a whole body; half a batch must not be appended.
        guard !Task.isCancelled, declared == nil || declared == size else { throw Self.cutOff }
        return bytes
    }

    /// The whole body, which must hold something: what is recorded of nothing stays for ever.
    func filledBody(_ context: CallContext, sizeMax: Int = ServerConfiguration.bodySizeMax) async throws -> [UInt8] {
        let bytes = try await wholeBody(context, sizeMax: sizeMax)
        guard !bytes.isEmpty else {
            throw Problem(.badRequest, "invalid_member", "the body is empty; send the bytes of the file")
        }
        return bytes
    }

    private static func tooLarge(_ limit: Int, closes: Bool) -> Problem {
        var problem = Problem(.contentTooLarge, "too_large", "a body has at most \(limit) bytes")
        problem.limit = limit
        problem.closesConnection = closes
        return problem
    }

    private static var cutOff: Problem {
        var problem = Problem(.badRequest, "malformed_json", "the body ended early")
        problem.closesConnection = true
        return problem
    }
}
