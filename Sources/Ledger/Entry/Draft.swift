package import Cryptography

/// An entry before it has its place: everything of the line except `prev`, `recorded_at`, `seq` and `subjects`.
///
/// The line is cut where those members stand, so that under the ledger's lock it is only put together.
package struct Draft: Sendable {
    /// The longest line, in bytes: what a C2SP entry bundle can hold.
    package static let lineSizeMax = 65_535
    /// The most that the caller's part may take, in bytes of canonical JSON.
    package static let callerSizeMax = 60_000
    /// The format that lines are written in.
    package static let format = "countersign/1"

    package let event: Event
    package let idempotencyTag: [UInt8]?
    /// Sealed values in the order in which their digests stand in the line.
    package let disclosures: [Disclosure]
    /// Finds earlier observations of the same step attempt.
    package let attempt: LookupKey?

    private let origin: Origin
    private let nonce: String
    /// Everything before `prev`.
    private let head: [UInt8]
    /// From `reporter` up to `seq`.
    private let middle: [UInt8]
    /// From `workflow` to the end, with its leading comma.
    private let tail: [UInt8]

    /// Seals and lays out `event`.
    ///
    /// - Parameters:
    ///   - attempt: what identifies the observation of a step attempt, for an entry that may conflict with earlier
    /// ones.
    ///   - random: gives fresh random bytes for the nonce and the salts.
    /// - Throws: `too_large` if the line could pass 65,535 bytes with the longest `seq`.
    package init(
        _ event: Event, origin: Origin, reporter: Reporter, idempotencyTag: [UInt8]? = nil, attempt: [UInt8]? = nil,
        random: (Int) -> [UInt8]
    ) throws(Refusal) {
        self.event = event
        self.idempotencyTag = idempotencyTag
        self.origin = origin
        self.attempt = attempt.map(LookupKey.init(attempt:))
        nonce = Base64URL.encode(random(16))
        var disclosures: [Disclosure] = []
        let sealed = event.personal.items.map { item in
            let made = item.values.map { Disclosure(salt: random(Disclosure.saltSize), name: item.name, value: $0) }
            disclosures += made
            let digests = made.map { JSONValue.string($0.digest) }
            return JSONValue.Member(item.name, item.isList ? .array(digests) : digests[0])
        }
        self.disclosures = disclosures
        head = Self.head(event, origin: origin, idempotencyTag: idempotencyTag, nonce: nonce, data: event.data)
        middle = Self.middle(event, reporter: reporter, sealed: sealed)
        tail = Self.tail(event)
        try requireFit()
    }

    private func requireFit() throws(Refusal) {
        // prev, recorded_at, seq, conflicts_with and their names take less than 256 bytes; a subject takes 25.
        let size = head.count + middle.count + tail.count + 256 + 25 * event.personal.people.count
        guard size <= Self.lineSizeMax else {
            throw Refusal(
                .tooLarge, "the entry's line would pass \(Self.lineSizeMax) bytes", limit: Self.lineSizeMax)
        }
    }

    /// The whole line.
    ///
    /// - Parameter conflictsWith: the `seq` of an earlier observation of the same attempt with other content.
    package func line(
        seq: Int, previous: Digest, recordedAt: Timestamp, subjects: [Pseudonym], conflictsWith: Int? = nil
    ) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(head.count + middle.count + tail.count + 256 + 25 * subjects.count)
        if let conflictsWith {
            let data = (event.data ?? []) + [JSONValue.Member("conflicts_with", .integer(conflictsWith))]
            line += Self.head(event, origin: origin, idempotencyTag: idempotencyTag, nonce: nonce, data: data)
        } else {
            line += head
        }
        line += "\"prev\":\"".utf8
        Hex.append(previous.bytes, to: &line)
        line += "\",\"recorded_at\":\"".utf8
        recordedAt.append(to: &line)
        line += "\",".utf8
        line += middle
        line += "\"seq\":".utf8
        line += String(seq).utf8
        if !subjects.isEmpty {
            line += ",\"subjects\":".utf8
            CanonicalWriter.append(.array(subjects.map { .string($0.text) }), to: &line)
        }
        line += tail
        return line
    }

    /// The keys that the entry can be found by once its subjects are known.
    package func lookupKeys(subjects: [Pseudonym]) -> [LookupKey] {
        LookupKey.keys(
            kind: event.kind.rawValue, data: event.data.map(JSONValue.object), workflow: event.workflow?.json,
            subjects: subjects)
    }

    private static func head(
        _ event: Event, origin: Origin, idempotencyTag: [UInt8]?, nonce: String, data: [JSONValue.Member]?
    ) -> [UInt8] {
        var head: [UInt8] = Array("{".utf8)
        if let actor = event.actor { append("actor", actor.json, to: &head) }
        if let data { append("data", .object(data), to: &head) }
        append("format", .string(format), to: &head)
        if let idempotencyTag { append("idempotency", .string(Base64URL.encode(idempotencyTag)), to: &head) }
        append("kind", .string(event.kind.rawValue), to: &head)
        append("ledger", .string(origin.text), to: &head)
        if let messageID = event.messageID { append("message_id", .string(messageID.text), to: &head) }
        append("nonce", .string(nonce), to: &head)
        if let occurredAt = event.occurredAt { append("occurred_at", .string(occurredAt.text), to: &head) }
        append("outcome", .string(event.outcome), to: &head)
        if let mode = event.oversightMode { append("oversight_mode", .string(mode.rawValue), to: &head) }
        return head
    }

    private static func middle(_ event: Event, reporter: Reporter, sealed: [JSONValue.Member]) -> [UInt8] {
        var middle: [UInt8] = []
        append("reporter", reporter.json, to: &middle)
        if !sealed.isEmpty { append("sealed", .object(sealed), to: &middle) }
        if let sender = event.sender { append("sender", .string(sender.text), to: &middle) }
        return middle
    }

    private static func tail(_ event: Event) -> [UInt8] {
        var tail: [UInt8] = []
        if let workflow = event.workflow {
            tail += ",\"workflow\":".utf8
            CanonicalWriter.append(workflow.json, to: &tail)
        }
        tail.append(UInt8(ascii: "}"))
        return tail
    }

    private static func append(_ name: String, _ value: JSONValue, to target: inout [UInt8]) {
        CanonicalWriter.append(name, to: &target)
        target.append(UInt8(ascii: ":"))
        CanonicalWriter.append(value, to: &target)
        target.append(UInt8(ascii: ","))
    }
}
