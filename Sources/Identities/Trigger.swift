/// Why an identity was checked.
package enum Trigger: String, Sendable, CaseIterable {
    /// The schedule wanted it, and something was found that is new.
    case scheduled
    /// The schedule wanted it, and nothing is new: once a day that is recorded all the same.
    case heartbeat
    /// Somebody asked for it.
    case requested
}
