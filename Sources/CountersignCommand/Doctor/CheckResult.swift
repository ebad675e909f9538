import Ledger

/// What one check of `countersign doctor` found.
struct CheckResult: Encodable, Sendable {
    enum Status: String, Encodable, Sendable {
        case ok, warn, fail
    }

    let check: String
    let status: Status
    let detail: String
    /// What to do about it.
    let next: String?

    static func ok(_ check: String, _ detail: String) -> CheckResult {
        CheckResult(check: check, status: .ok, detail: detail, next: nil)
    }

    static func warn(_ check: String, _ detail: String, next: String) -> CheckResult {
        CheckResult(check: check, status: .warn, detail: detail, next: next)
    }

    static func fail(_ check: String, _ detail: String, next: String) -> CheckResult {
        CheckResult(check: check, status: .fail, detail: detail, next: next)
    }

    /// A ledger that its guard knows and the database does not.
    static func missing(_ known: Checkpoint) -> CheckResult {
        .fail(
            "\(known.origin): up to date",
            "the guard knows this ledger with \(known.size) entries, and the database does not",
            next: "restore a later backup, or further; a folder of guards belongs to one database")
    }

    /// One line for people, and a second one with the next step.
    var text: String {
        let mark = status.rawValue + String(repeating: " ", count: 4 - status.rawValue.count)
        return "\(mark)  \(check): \(detail)\n" + (next.map { "      next: \($0)\n" } ?? "")
    }
}
