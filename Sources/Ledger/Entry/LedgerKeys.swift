package import Cryptography

/// The secret keys of one ledger, derived from the master secret that lies outside the database, and what is made with
/// them: tags that can be compared but not guessed.
package struct LedgerKeys: Sendable {
    /// Bytes of a tag.
    package static let tagSize = 16

    /// What a key is for; each purpose has a key of its own.
    package enum Purpose: String, CaseIterable, Sendable {
        /// Tags of idempotency keys. Never rotated: the tags stand in lines.
        case idempotency
        /// Tags of addresses, requests and cursors.
        case lookup
    }

    private let idempotency: HMAC.Key
    private let lookup: HMAC.Key

    /// The keys of the ledger `origin` by HKDF from `master`.
    package init(master: SecretKey, origin: Origin) {
        func key(_ purpose: Purpose) -> HMAC.Key {
            HMAC.Key(master.derived(info: "countersign/1\n\(purpose.rawValue)\n\(origin.text)"))
        }
        idempotency = key(.idempotency)
        lookup = key(.lookup)
    }

    private func key(for purpose: Purpose) -> HMAC.Key {
        switch purpose {
        case .idempotency: idempotency
        case .lookup: lookup
        }
    }

    private func tag(_ purpose: Purpose, _ message: [UInt8]) -> [UInt8] {
        Array(key(for: purpose).code(of: message).bytes.prefix(Self.tagSize))
    }

    /// What the ledger's row keeps of a key, so that a wrong master secret is noticed before anything is written.
    package func checkValue(of purpose: Purpose) -> [UInt8] { tag(purpose, Array("check".utf8)) }

    /// The tag of a caller's idempotency key, as it stands in the line (Format.md, "idempotency").
    package func idempotencyTag(of key: IdempotencyKey, scope: IdempotencyKey.Scope) -> [UInt8] {
        tag(.idempotency, scope.prefix + key.bytes)
    }

    /// The tag of an observation of a step attempt: of what identifies it and of its content, so that equal reports
    /// meet and different ones do not.
    package func idempotencyTag(ofAttempt identity: [UInt8], content: [UInt8]) -> [UInt8] {
        let parts = SHA256.digest(identity).bytes + SHA256.digest(content).bytes
        return tag(.idempotency, IdempotencyKey.Scope.stepAttempts.prefix + parts)
    }

    /// The tag of a request's canonical content: tells "the same key again" from "the key of another request".
    package func requestTag(of content: [UInt8]) -> [UInt8] { tag(.lookup, Array("request\0".utf8) + content) }

    /// The tag that a person's address is found by; `address` is in the form for look-up.
    package func subjectTag(of address: String) -> [UInt8] { tag(.lookup, Array("subject\0\(address)".utf8)) }

    /// The same tag as a big-endian number, for the UTF-8 of an address.
    package func subjectTag(of address: [UInt8]) -> UInt128 {
        key(for: .lookup).code(of: Array("subject\0".utf8) + address).first16
    }

    /// The seal of a cursor, so that only cursors which this ledger gave out are taken back.
    package func cursorTag(of content: [UInt8]) -> [UInt8] { tag(.lookup, Array("cursor\0".utf8) + content) }
}
