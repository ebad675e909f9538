import Postgres

extension StoreError {
    /// What a caller is told when the database failed before COMMIT was sent.
    init(appending error: PostgresError) {
        switch error.code {
        case .server(let state) where state.hasPrefix("53"):
            self.init(
                .unavailable,
                "the database is out of resources (SQLSTATE \(state)), such as disk space; nothing was written",
                committed: .no)
            isWorthRepeating = false
        case .server(let state) where !Self.passing.contains(state):
            self.init(
                .internal, "the database refused the append (SQLSTATE \(state)); nothing was written", committed: .no)
        case .decoding, .usage:
            self.init(.internal, "the append failed: \(error.message); nothing was written", committed: .no)
        default:
            self.init(.unavailable, "the database cannot be reached; nothing was written", committed: .no)
        }
    }

    /// What a reader is told.
    init(reading error: PostgresError) {
        switch error.code {
        case .server(let state) where !Self.passing.contains(state) && !state.hasPrefix("53"):
            self.init(.internal, "the database refused the query (SQLSTATE \(state))")
        case .server("57014"):
            self.init(.unavailable, "the query took too long; narrow it by time or by message")
        case .decoding, .usage:
            self.init(.internal, "the query failed: \(error.message)")
        default:
            self.init(.unavailable, "the database cannot be reached")
        }
    }

    /// Whether the server had ended the connection, by itself or on an administrator's word.
    static func isDeadConnection(_ error: PostgresError) -> Bool {
        error.code == .connectionLost || error.sqlState == "57P01" || error.sqlState == "57P02"
    }

    /// SQLSTATEs of states that pass: serialization failures, lock and idle timeouts, cancelled statements, a server
    /// that stops, starts or recovers, a session that was ended.
    private static let passing: Set<String> = [
        "40001", "40P01", "55P03", "25P02", "25P03", "57014", "57P01", "57P02", "57P03", "57P05", "08006", "08003",
        "25006",
    ]
}
