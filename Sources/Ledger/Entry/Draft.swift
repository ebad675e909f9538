package import Cryptography

/// An entry before it has its place: everything of the line except `prev`, `recorded_at`, `seq` and `subjects`.
///
/// The line is cut where those members stand, so that under the ledger's lock it is only put together.
package final class Draft: Sendable {
    /// The longest line, in bytes: what a C2SP entry bundle can hold.
    package static let lineSizeMax = 65_535
    /// The most that the caller's part may take, in bytes of canonical JSON.
    package static let callerSizeMax = 60_000
    /// The format that lines are written in.
    package static let format = "countersign/1"

    package let event: Event
    package let reporter: Reporter
    package let idempotencyTag: [UInt8]?
    /// The disclosures of all sealed values in the order of their digests in the line, joined by "~" (RFC 9901 §4);
    /// empty if nothing is sealed.
    package let disclosures: [UInt8]
    /// Finds earlier observations of the same step attempt.
    package let attempt: LookupKey?

    private let origin: Origin
    private let nonce: String
    /// The line without the members that its place decides: up to `headEnd` what stands before `prev`, up to
    /// `middleEnd` from `reporter` to `seq`, then from `workflow` with its leading comma to the end.
    private let text: [UInt8]
    private let headEnd: Int
    private let middleEnd: Int
    /// What the entry can be found by beside its subjects.
    private let furtherKeys: [LookupKey]

    /// Seals and lays out `event`.
    ///
    /// - Parameters:
    ///   - attempt: what identifies the observation of a step attempt, for an entry that may conflict with earlier
    ///     ones.
    ///   - random: gives fresh random bytes for the nonce and the salts.
    /// - Throws: `too_large` if the line could pass 65,535 bytes with the longest `seq`.
    package init(
        _ event: Event, origin: Origin, reporter: Reporter, idempotencyTag: [UInt8]? = nil, attempt: [UInt8]? = nil,
        random: (Int) -> [UInt8]
    ) throws(Refusal) {
        self.event = event
        self.reporter = reporter
        self.idempotencyTag = idempotencyTag
        self.origin = origin
        self.attempt = attempt.map(LookupKey.init(attempt:))
        nonce = Base64URL.encode(random(16))
        var text: [UInt8] = []
        text.reserveCapacity(1_024)
        Self.appendHead(
            event, origin: origin, idempotencyTag: idempotencyTag, nonce: nonce, data: event.data, to: &text)
        headEnd = text.count
        Self.append("reporter", reporter.json, to: &text)
        disclosures = Self.seal(event.personal, random: random, to: &text)
        if let sender = event.sender { Self.append("sender", sender.text, to: &text) }
        middleEnd = text.count
        if let workflow = event.workflow {
            text += ",\"workflow\":".utf8
            CanonicalWriter.append(workflow.members, to: &text)
        }
        text.append(UInt8(ascii: "}"))
        self.text = text
        furtherKeys = LookupKey.keys(
            kind: event.kind.rawValue, data: event.data.map(JSONValue.object), workflow: event.workflow?.json,
            subjects: [])
        // prev, recorded_at, seq, conflicts_with and their names take less than 256 bytes; a subject takes 25.
        guard text.count + Self.placeSize + 25 * event.personal.people.count <= Self.lineSizeMax else {
            throw Refusal(
                .tooLarge, "the entry's line would pass \(Self.lineSizeMax) bytes", limit: Self.lineSizeMax)
        }
    }

    private static let placeSize = 256

    /// Appends the member `sealed` with the digests of all values.
    ///
    /// - Returns: the disclosures, joined by "~".
    private static func seal(
        _ personal: PersonalData, random: (Int) -> [UInt8], to text: inout [UInt8]
    ) -> [UInt8] {
        guard !personal.items.isEmpty else { return [] }
        var disclosures: [UInt8] = []
        disclosures.reserveCapacity(256 * personal.items.count)
        text += "\"sealed\":{".utf8
        for (index, item) in personal.items.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            CanonicalWriter.append(item.name, to: &text)
            text += (item.isList ? ":[" : ":").utf8
            for (position, value) in item.values.enumerated() {
                if position > 0 { text.append(UInt8(ascii: ",")) }
                if !disclosures.isEmpty { disclosures.append(UInt8(ascii: "~")) }
                let digest = Disclosure.append(
                    salt: random(Disclosure.saltSize), name: item.name, value: value, to: &disclosures)
                text.append(UInt8(ascii: "\""))
                Base64URL.append(digest.bytes.span, to: &text)
                text.append(UInt8(ascii: "\""))
            }
            if item.isList { text.append(UInt8(ascii: "]")) }
        }
        text += "},".utf8
        return disclosures
    }

    /// The whole line.
    ///
    /// - Parameter conflictsWith: the `seq` of an earlier observation of the same attempt with other content.
    package func line(
        seq: Int, previous: Digest, recordedAt: Timestamp, subjects: [Pseudonym], conflictsWith: Int? = nil
    ) -> [UInt8] {
        let text = self.text
        var line: [UInt8] = []
        line.reserveCapacity(text.count + Self.placeSize + 25 * subjects.count)
        if let conflictsWith {
            let data = (event.data ?? []) + [JSONValue.Member("conflicts_with", .integer(conflictsWith))]
            Self.appendHead(
                event, origin: origin, idempotencyTag: idempotencyTag, nonce: nonce, data: data, to: &line)
        } else {
            line.append(text.span.extracting(..<headEnd))
        }
        line += "\"prev\":\"".utf8
        previous.appendHex(to: &line)
        line += "\",\"recorded_at\":\"".utf8
        recordedAt.append(to: &line)
        line += "\",".utf8
        line.append(text.span.extracting(headEnd..<middleEnd))
        line += "\"seq\":".utf8
        CanonicalWriter.append(seq, to: &line)
        if !subjects.isEmpty {
            line += ",\"subjects\":[".utf8
            for (index, subject) in subjects.enumerated() {
                line += (index > 0 ? ",\"" : "\"").utf8
                Base64URL.append(subject.bytes.span, to: &line)
                line.append(UInt8(ascii: "\""))
            }
            line.append(UInt8(ascii: "]"))
        }
        line.append(text.span.extracting(middleEnd...))
        return line
    }

    /// The keys that the entry can be found by once its subjects are known.
    package func lookupKeys(subjects: [Pseudonym]) -> [LookupKey] {
        subjects.map(LookupKey.init(subject:)) + furtherKeys
    }

    private static func appendHead(
        _ event: Event, origin: Origin, idempotencyTag: [UInt8]?, nonce: String, data: [JSONValue.Member]?,
        to head: inout [UInt8]
    ) {
        head.append(UInt8(ascii: "{"))
        if let actor = event.actor { append("actor", actor.json, to: &head) }
        if let data { append("data", .object(data), to: &head) }
        append("format", format, to: &head)
        if let idempotencyTag { append("idempotency", Base64URL.encode(idempotencyTag), to: &head) }
        append("kind", event.kind.rawValue, to: &head)
        append("ledger", origin.text, to: &head)
        if let messageID = event.messageID { append("message_id", messageID.text, to: &head) }
        append("nonce", nonce, to: &head)
        if let occurredAt = event.occurredAt { append("occurred_at", occurredAt.text, to: &head) }
        append("outcome", event.outcome, to: &head)
        if let mode = event.oversightMode { append("oversight_mode", mode.rawValue, to: &head) }
    }

    private static func append(_ name: String, _ text: String, to target: inout [UInt8]) {
        begin(name, to: &target)
        CanonicalWriter.append(text, to: &target)
        target.append(UInt8(ascii: ","))
    }

    private static func append(_ name: String, _ value: JSONValue, to target: inout [UInt8]) {
        begin(name, to: &target)
        CanonicalWriter.append(value, to: &target)
        target.append(UInt8(ascii: ","))
    }

    /// Our own names need no escapes.
    private static func begin(_ name: String, to target: inout [UInt8]) {
        target.append(UInt8(ascii: "\""))
        target += name.utf8
        target += "\":".utf8
    }
}
