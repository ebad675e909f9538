import Ledger
import LedgerStore

/// Judges what the database says about itself.
struct FactChecks {
    /// Clocks further apart than this are worth a word, in microseconds.
    private static let skewWorthAWord: Int64 = 1_000_000
    /// Below this many free places, the next partition should have been made.
    private static let roomMin = 1 << 17
    /// A service counts this many entries in a few seconds.
    private static let lagMax = 500_000

    private let facts: DatabaseFacts
    private let now: Timestamp

    init(_ facts: DatabaseFacts, now: Timestamp) {
        self.facts = facts
        self.now = now
    }

    var results: [CheckResult] {
        [version, checksums, durability, encoding, roles, rights, triggers, clocks, partitions, rollups]
    }

    private func setting(_ name: String) -> String { facts.settings[name] ?? "unknown" }

    private var version: CheckResult {
        let number = Int(setting("server_version_num")) ?? 0
        let detail = "Postgres \(setting("server_version"))"
        return number >= 150_000
            ? .ok("version", detail) : .fail("version", detail, next: "use Postgres 15 or later")
    }

    private var checksums: CheckResult {
        setting("data_checksums") == "on"
            ? .ok("data checksums", "on")
            : .warn(
                "data checksums", "off: a page that the disk spoils is not noticed when it is read",
                next: "stop Postgres and run `pg_checksums --enable`")
    }

    private var durability: CheckResult {
        let settings = ["fsync", "full_page_writes", "synchronous_commit"].map { ($0, setting($0)) }
        let detail = settings.map { "\($0) \($1)" }.joined(separator: ", ")
        // Appends ask for synchronous_commit = on by themselves, whatever the server's default is.
        if settings[0].1 != "on" || settings[1].1 != "on" {
            return .fail(
                "durability", detail, next: "switch fsync and full_page_writes on: an answer promises what they keep")
        }
        return .ok("durability", detail)
    }

    private var encoding: CheckResult {
        setting("server_encoding") == "UTF8"
            ? .ok("encoding", "UTF8")
            : .fail(
                "encoding", setting("server_encoding"), next: "move to a database that was made with ENCODING 'UTF8'")
    }

    private var roles: CheckResult {
        let missing = ["countersign_owner", "countersign_app", "countersign_reader"].filter {
            !facts.roles.contains($0)
        }
        return missing.isEmpty
            ? .ok("roles", "countersign_owner, countersign_app, countersign_reader")
            : .fail(
                "roles", "missing: \(missing.joined(separator: ", "))",
                next: "let a superuser run what `countersign migrate --print-roles` prints")
    }

    private var rights: CheckResult {
        if facts.isSuperuser {
            return .fail(
                "rights", "\(facts.user) is a superuser, whom no right holds back",
                next: "ALTER ROLE \(facts.user) NOSUPERUSER")
        }
        if !facts.excessiveRights.isEmpty {
            return .fail(
                "rights", "\(facts.user) has \(facts.excessiveRights.joined(separator: ", "))",
                next: "REVOKE them; for functions of Postgres let a superuser run what `countersign migrate "
                    + "--print-roles` prints")
        }
        if !facts.missingRights.isEmpty {
            return .fail(
                "rights", "\(facts.user) lacks \(facts.missingRights.joined(separator: ", "))",
                next: "GRANT them as sql/0008_rights.sql does")
        }
        return .ok("rights", "\(facts.user) can add entries, and cannot change or delete any")
    }

    private var triggers: CheckResult {
        facts.missingTriggers.isEmpty
            ? .ok("triggers", "append-only tables refuse changes, and rows stand beside their entries")
            : .fail(
                "triggers", "missing or off: \(facts.missingTriggers.joined(separator: ", "))",
                next: "find out who switched them off, and run `countersign verify`; then make them again as the files "
                    + "in sql/ do")
    }

    private var clocks: CheckResult {
        let skew = facts.clock.microseconds - now.microseconds
        let detail = "the database's clock differs by \(Double(skew / 1000) / 1000) s"
        if abs(skew) > ClockRule.standard.skewMax {
            return .fail("clocks", detail, next: "set them right: appends are refused until then")
        }
        return abs(skew) > Self.skewWorthAWord
            ? .warn("clocks", detail, next: "let both machines follow an NTP server") : .ok("clocks", detail)
    }

    private var partitions: CheckResult {
        let largest = facts.ledgers.map(\.size).max() ?? 0
        let detail =
            "room for \(Progress.grouped(facts.capacity)) entries, the largest ledger has \(Progress.grouped(largest))"
        if facts.capacity <= largest {
            return .fail(
                "partitions", detail, next: "SELECT countersign.ensure_partitions(\(largest + (1 << 20)))")
        }
        return facts.capacity - largest < Self.roomMin
            ? .warn("partitions", detail, next: "SELECT countersign.ensure_partitions(\(largest + (1 << 20)))")
            : .ok("partitions", detail)
    }

    private var rollups: CheckResult {
        let lagging = facts.ledgers.filter { $0.size - ($0.watermark ?? 0) > Self.lagMax }
        guard let worst = lagging.max(by: { $0.size - ($0.watermark ?? 0) < $1.size - ($1.watermark ?? 0) }) else {
            return .ok("rollups", "up to date")
        }
        return .warn(
            "rollups",
            "\(worst.origin) lags by \(Progress.grouped(worst.size - (worst.watermark ?? 0))) entries: "
                + "stats are right, and slow",
            next: "let the service run: it catches up by itself")
    }
}
