import LedgerStore

/// Why no checkpoint was signed.
package struct SigningFault: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// This instance has no key of the ledger, or none that is current.
        case keyMissing = "key_missing"
        /// The file of the keys, or that of the guard, cannot be used.
        case fileUnusable = "file_unusable"
        /// The ledger has no guard here, though it has a key.
        case guardMissing = "guard_missing"
        /// Another process is signing.
        case busy
        /// What is stored contradicts the guard: the ledger was halted.
        case halted
        /// Too few witnesses signed, and nothing is published without them.
        case notWitnessed = "not_witnessed"
        /// The database did not answer.
        case unavailable
    }

    package let code: Code
    /// A sentence for the operator, with the next step.
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    init(_ error: StoreError) { self.init(.unavailable, error.reason) }
    init(_ fault: KeyFolder.Fault) { self.init(.fileUnusable, fault.description) }
    init(_ fault: GuardFolder.Fault) { self.init(.fileUnusable, fault.description) }
}
