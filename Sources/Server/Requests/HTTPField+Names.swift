import HTTPTypes

extension HTTPField.Name {
    /// The IETF draft on the Idempotency-Key header.
    static let idempotencyKey = known("Idempotency-Key")
    /// Says that an answer was given before.
    static let idempotentReplayed = known("Idempotent-Replayed")

    /// What stands behind a receipt.
    static let assurance = known("Countersign-Assurance")

    static let referrerPolicy = known("Referrer-Policy")

    /// A name that is written here and therefore valid.
    static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
        return field
    }
}
