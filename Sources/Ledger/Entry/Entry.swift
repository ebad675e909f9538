package import Cryptography

/// A line read back: the envelope that every version keeps, and the projected keys that columns repeat.
///
/// Kinds and outcomes are open here: one that this version does not know is kept as it stands.
package struct Entry: Sendable {
    /// The line as JSON.
    package let json: JSONValue
    package let format: String
    package let ledger: String
    package let seq: Int
    /// The leaf hash of the entry before this one.
    package let previous: Digest
    package let recordedAt: Timestamp
    package let reporterID: String
    package let via: String
    package let kind: String
    package let outcome: String
    package let idempotencyTag: [UInt8]?
    package let messageID: String?
    /// As in the line; the column holds it in lower case.
    package let sender: String?
    package let oversightMode: String?
    package let actor: String?
    package let runID: String?
    package let occurredAt: Timestamp?
    package let subjects: [Pseudonym]

    /// Why a line is no entry.
    package enum Fault: Error, Equatable, Sendable {
        /// The text is not JSON of the profile.
        case notJSON
        /// The text is JSON, but not its canonical form.
        case notCanonical
        /// An envelope member is missing or has a wrong type.
        case envelope(String)
    }

    /// Reads a stored line strictly: exactly the canonical bytes are accepted.
    package init(line: [UInt8]) throws(Fault) {
        guard let json = try? JSONReader.read(line) else { throw .notJSON }
        guard CanonicalWriter.bytes(of: json) == line else { throw .notCanonical }
        self.json = json
        format = try Self.text(json, "format")
        ledger = try Self.text(json, "ledger")
        kind = try Self.text(json, "kind")
        outcome = try Self.text(json, "outcome")
        guard let seq = json["seq"]?.number, seq >= 0 else { throw .envelope("seq") }
        self.seq = seq
        guard let previous = Digest(hex: try Self.text(json, "prev")) else { throw .envelope("prev") }
        self.previous = previous
        recordedAt = try Self.timestamp(json, "recorded_at")
        guard let reporter = json["reporter"], let id = reporter["id"]?.text, let via = reporter["via"]?.text else {
            throw .envelope("reporter")
        }
        reporterID = id
        self.via = via
        guard let nonce = json["nonce"]?.text, Base64URL.decode(nonce)?.count == 16 else { throw .envelope("nonce") }
        idempotencyTag = json["idempotency"]?.text.flatMap { Base64URL.decode($0) }
        guard json["idempotency"] == nil || idempotencyTag?.count == LedgerKeys.tagSize else {
            throw .envelope("idempotency")
        }
        messageID = json["message_id"]?.text
        sender = json["sender"]?.text
        oversightMode = json["oversight_mode"]?.text
        actor = json["actor"]?["id"]?.text
        runID = json["workflow"]?["run_id"]?.text
        occurredAt = json["occurred_at"] == nil ? nil : try Self.timestamp(json, "occurred_at")
        subjects = try Self.subjects(json)
    }

    private static func text(_ json: JSONValue, _ name: String) throws(Fault) -> String {
        guard let text = json[name]?.text else { throw .envelope(name) }
        return text
    }

    private static func timestamp(_ json: JSONValue, _ name: String) throws(Fault) -> Timestamp {
        let text = try text(json, name)
        guard let timestamp = Timestamp(text), timestamp.text == text else { throw .envelope(name) }
        return timestamp
    }

    private static func subjects(_ json: JSONValue) throws(Fault) -> [Pseudonym] {
        var subjects: [Pseudonym] = []
        for element in json["subjects"]?.elements ?? [] {
            guard let subject = element.text.flatMap(Pseudonym.init(text:)) else { throw .envelope("subjects") }
            subjects.append(subject)
        }
        return subjects
    }

    /// The digests under `sealed`, with the name each stands under.
    package var sealed: [(name: String, digest: String)] {
        (json["sealed"]?.members ?? []).flatMap { member in
            (member.value.elements ?? [member.value]).compactMap { value in
                value.text.map { (member.name, $0) }
            }
        }
    }

    /// The further keys that the entry can be found by.
    package var lookupKeys: [LookupKey] {
        LookupKey.keys(kind: kind, data: json["data"], workflow: json["workflow"], subjects: subjects)
    }
}
