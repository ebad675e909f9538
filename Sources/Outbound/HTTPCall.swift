/// One HTTP request to a server of somebody else.
package struct HTTPCall: Sendable {
    /// Whether a call reads or sends.
    package enum Method: Sendable {
        case get
        case post
    }

    /// A header of the request.
    package struct Header: Sendable {
        package let name: String
        package let value: String

        /// A name of RFC 9110 §5.1 and a value without line breaks; a call with another one throws `invalidHeader`.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var method: Method
    /// `http://` or `https://`, without a user's name in it.
    package var url: String
    /// Sent as they stand; `Host`, `Content-Length` and `User-Agent` come by themselves.
    package var headers: [Header]
    /// What a POST sends.
    package var body: [UInt8]

    /// A call that reads.
    package static func get(_ url: String, headers: [Header] = []) -> HTTPCall {
        HTTPCall(method: .get, url: url, headers: headers, body: [])
    }

    /// A call that sends `body`, of this media type.
    package static func post(
        _ body: [UInt8], as contentType: String, to url: String, headers: [Header] = []
    ) -> HTTPCall {
        HTTPCall(method: .post, url: url, headers: headers + [Header("Content-Type", contentType)], body: body)
    }

    /// Why this cannot be sent at all; nil if it can.
    var fault: OutboundError? {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        guard ["http", "https"].contains(scheme), url.dropFirst(scheme.count).hasPrefix("://"),
            url.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return .invalidURL }
        return headers.allSatisfy(\.isSound) ? nil : .invalidHeader
    }
}

extension HTTPCall.Header {
    /// What a name is made of (RFC 9110 §5.6.2).
    private static let nameBytes = Set(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

    /// Whether it is one header. A line break in a value would start another one, or a request, of its writer's choice.
    fileprivate var isSound: Bool {
        !name.isEmpty && name.utf8.allSatisfy(Self.nameBytes.contains)
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
