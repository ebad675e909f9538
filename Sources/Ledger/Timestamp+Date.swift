extension Timestamp {
    /// The day in UTC, such as `2026-11-22`.
    package var date: String { String(text.prefix(10)) }
}
