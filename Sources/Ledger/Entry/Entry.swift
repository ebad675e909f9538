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

    /// The places that entries can have, and with them the sizes of ledgers and the counts of what they hold: what an
    /// integer of a line can say. A number that is read as one of them may be added to, or taken 256 times.
    package static let seqs = 0...JSONValue.integerMax
    /// The same, with a number on either side that no ledger has: it stands for all that lies out there.
    package static let claimedSeqs = -1...JSONValue.integerMax + 1

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
        var scanner = CanonicalScanner()
        let outline = try EntryOutline(line.span, &scanner)
        guard let json = try? JSONReader.read(line) else { throw .notJSON }
        func text(_ token: EntryOutline.Token) -> String {
            String(decoding: CanonicalScanner.content(of: token, in: line.span), as: UTF8.self)
        }
        self.json = json
        format = text(outline.format)
        ledger = text(outline.ledger)
        kind = text(outline.kind)
        outcome = text(outline.outcome)
        seq = outline.seq
        previous = outline.previous
        recordedAt = outline.recordedAt
        reporterID = text(outline.reporterID)
        via = text(outline.via)
        idempotencyTag = outline.idempotencyTag?.bigEndianBytes
        messageID = outline.messageID.map(text)
        sender = outline.sender.map(text)
        oversightMode = outline.oversightMode.map(text)
        actor = outline.actor.map(text)
        runID = outline.runID.map(text)
        occurredAt = outline.occurredAt
        var subjects: [Pseudonym] = []
        try outline.forEachSubject(line.span, scanner) { number in
            if let subject = Pseudonym(number.bigEndianBytes) { subjects.append(subject) }
        }
        self.subjects = subjects
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
