import Cryptography

/// A further key that an entry can be found by, beside its own columns. Everything here follows from the line, so that
/// verification can derive it again.
package struct LookupKey: Hashable, Sendable {
    /// What kind of key it is.
    package enum Name: String, CaseIterable, Sendable {
        /// The pseudonym of a person.
        case subject
        /// Another id of the message (`data.aliases`), such as a relay's.
        case alias
        /// Another entry's message, approval or decision that this entry is about (`data.links`).
        case link
        /// The identity of a step attempt's observation.
        case attempt
    }

    /// Bytes of a tag.
    package static let tagSize = 16

    package let name: Name
    /// 16 bytes: a subject's pseudonym itself, otherwise the first bytes of SHA-256(name || 0x00 || value).
    package let tag: [UInt8]

    /// The tag as a big-endian number.
    package var number: UInt128 { UInt128(bigEndian: tag.span) ?? 0 }

    /// The key of a person's pseudonym.
    package init(subject: Pseudonym) {
        name = .subject
        tag = subject.bytes
    }

    /// The key of another id of a message; nil where the text is no Message-ID.
    package init?(alias text: String) {
        guard let id = try? MessageID(text) else { return nil }
        self.init(.alias, Array(id.text.utf8))
    }

    /// The key of a link from another entry.
    package init(link id: String, relation: String) {
        self.init(.link, Array(relation.utf8) + [0] + Array(id.utf8))
    }

    /// The key of an observation with this identity.
    package init(attempt identity: [UInt8]) {
        self.init(.attempt, identity)
    }

    private init(_ name: Name, _ value: [UInt8]) {
        self.name = name
        tag = Array(SHA256.digest(Array(name.rawValue.utf8) + [0] + value).bytes.prefix(Self.tagSize))
    }

    /// The most aliases and links that are indexed for one entry; the line keeps all.
    package static let indexedMax = 64

    /// The keys that follow from a line's `data`, `workflow` and `subjects`, each once.
    package static func keys(
        kind: String, data: JSONValue?, workflow: JSONValue?, subjects: [Pseudonym]
    ) -> [LookupKey] {
        var keys = subjects.map(LookupKey.init(subject:))
        for alias in (data?["aliases"]?.elements ?? []).prefix(indexedMax) {
            if let text = alias.text, let key = LookupKey(alias: text) { keys.append(key) }
        }
        for link in (data?["links"]?.elements ?? []).prefix(indexedMax) {
            if let id = link["id"]?.text, let relation = link["rel"]?.text {
                keys.append(LookupKey(link: id, relation: relation))
            }
        }
        if kind == Kind.stepAttempt.rawValue, let workflow, data?["source"]?.text != nil {
            keys.append(LookupKey(attempt: StepAttempt.identity(workflow: workflow, data: data ?? [:])))
        }
        guard keys.count > 1 else { return keys }
        var seen: Set<LookupKey> = []
        return keys.filter { seen.insert($0).inserted }
    }
}
