/// Why the store did not do what it was asked. Equality looks at the code only.
package struct StoreError: Error, Sendable {
    /// What happened; the raw value is the `code` member of the problem document.
    package enum Code: String, Sendable {
        /// The same idempotency key came with other content.
        case idempotencyMismatch = "idempotency_mismatch"
        /// The same idempotency key came again, and nothing but what stands in clear tells whether with the same
        /// content: the rest was erased.
        case idempotencyErased = "idempotency_erased"
        /// The token was revoked, or has expired, before the entry got its place.
        case tokenRefused = "missing_token"
        /// The token is bound, and the entry says something else.
        case tokenBound = "token_bound"
        /// The first request with this idempotency key has no known outcome yet.
        case inProgress = "in_progress"
        /// The database did not answer in time, or refused for a reason that passes.
        case unavailable
        /// The clock of the database is not to be trusted for `recorded_at`.
        case clockRefused = "clock_refused"
        /// The master secret is not the one that the ledger was made with.
        case keyRefused = "key_refused"
        /// What is stored contradicts itself, or a checkpoint that was signed: nothing is appended until somebody has
        /// looked.
        case halted
        /// No signed checkpoint covers the entry yet.
        case notSigned = "not_signed"
        /// What was asked for does not exist in this ledger.
        case notFound = "not_found"
        /// Too many requests of this kind wait already.
        case busy
        /// A cursor that this ledger did not give out for this query.
        case invalidCursor = "invalid_cursor"
        /// The database refused this one request by its data, which the checks before should have caught.
        case `internal`
    }

    /// What is known about the entries of a failed append.
    package enum Committed: String, Sendable {
        case no, unknown
    }

    package let code: Code
    /// A sentence for people with the next step, without personal data.
    package let reason: String
    /// For a failed append.
    package var committed: Committed?
    /// The position of the guilty element within its batch.
    package var index: Int?
    /// The first entry that the idempotency key stands for.
    package var seq: Int?
    /// The member of the entry that is refused, with dots between the names.
    package var member: String?
    /// Whether the same group may succeed in a moment.
    var isWorthRepeating = true

    package init(_ code: Code, _ reason: String, committed: Committed? = nil, index: Int? = nil) {
        self.code = code
        self.reason = reason
        self.committed = committed
        self.index = index
    }
}

extension StoreError: Equatable {
    package static func == (left: StoreError, right: StoreError) -> Bool { left.code == right.code }
}

extension StoreError: CustomStringConvertible {
    package var description: String { reason }
}
