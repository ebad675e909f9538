import Cryptography
import HTTPTypes
import Hummingbird
import Ledger

/// Writes the JSON of an answer straight into bytes, members in the order in which they are given.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// An object with what `body` writes.
    mutating func object<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
        try enclose(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    /// An array with what `body` writes.
    mutating func array<Failure: Error>(_ body: (inout JSONWriter) throws(Failure) -> Void) throws(Failure) {
        try enclose(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    private mutating func enclose<Failure: Error>(
        _ opening: UInt8, _ closing: UInt8, _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        separate()
        bytes.append(opening)
        needsComma = false
        try body(&self)
        bytes.append(closing)
        needsComma = true
    }

    /// The name of the member whose value is written next. Our own names need no escapes.
    mutating func name(_ name: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes += name.utf8
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func value(_ text: String) {
        separate()
        CanonicalWriter.append(text, to: &bytes)
    }

    mutating func value(_ json: JSONValue) {
        separate()
        CanonicalWriter.append(json, to: &bytes)
    }

    /// JSON text that stands already.
    mutating func verbatim(_ json: some Sequence<UInt8>) {
        separate()
        bytes += json
    }

    mutating func value(_ digest: Digest) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        digest.appendHex(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func member(_ name: String, _ text: String) {
        self.name(name)
        value(text)
    }

    mutating func member(_ name: String, _ number: Int) {
        self.name(name)
        separate()
        CanonicalWriter.append(number, to: &bytes)
    }

    mutating func member(_ name: String, _ flag: Bool) {
        self.name(name)
        verbatim((flag ? "true" : "false").utf8)
    }

    mutating func member(_ name: String, _ digest: Digest) {
        self.name(name)
        value(digest)
    }

    mutating func member(_ name: String, _ moment: Timestamp) {
        self.name(name)
        separate()
        bytes.append(UInt8(ascii: "\""))
        moment.append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func member(_ name: String, _ digests: [Digest]) {
        self.name(name)
        array { writer in
            for digest in digests { writer.value(digest) }
        }
    }

    /// The answer with this JSON.
    func response(status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// The answer with the object that `body` writes.
    static func answer(_ json: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        var writer = JSONWriter()
        writer.value(json)
        return writer.response(status: status)
    }

    /// The answer with one object, whose members `body` writes.
    static func answer<Failure: Error>(
        status: HTTPResponse.Status = .ok, _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) -> Response {
        var writer = JSONWriter()
        try writer.object(body)
        return writer.response(status: status)
    }
}
