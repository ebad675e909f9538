/// What went wrong between us and Postgres. Two errors are equal when their codes are.
///
/// The text is safe to log: it holds the server's primary message only (DETAIL and CONTEXT quote rows), and where that
/// message itself quotes a value (SQLSTATE class 22) the quotation is cut out. Parameter values never enter it.
package struct PostgresError: Error, Equatable {
    package enum Code: Hashable, Sendable {
        /// No connection came about. Nothing was sent.
        case connectionFailed
        /// The connection broke, or the server ended it. It is closed.
        case connectionLost
        /// The deadline passed. If a request was under way, the connection is closed.
        case timedOut
        /// The server refused the statement, with this SQLSTATE. The connection can be used further.
        case server(String)
        /// A value of the answer does not have the type that was asked for.
        case decoding
        /// The call was wrong and nothing was sent.
        case usage
        /// The pool is closed.
        case closed
        /// The task was cancelled while it waited for a connection.
        case cancelled
    }

    package let code: Code
    package let message: String
    /// The SQLSTATE, where the server gave one; also present when the server ended the connection.
    package let sqlState: String?
    package var schema: String?
    package var table: String?
    package var column: String?
    package var constraint: String?
    /// Which statement of a pipeline or a script failed. Absent where it was none in particular, such as the commit
    /// at the end of a pipeline that is its own transaction.
    package var statementIndex: Int?
    /// True if the request may have reached the server before the connection ended.
    package internal(set) var wasSent = false

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
        if case .server(let state) = code { sqlState = state } else { sqlState = nil }
    }

    init(_ code: Code, _ message: String, sqlState: String) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
    }

    package static func == (left: PostgresError, right: PostgresError) -> Bool { left.code == right.code }

    /// True if the data of the request was at fault (SQLSTATE classes 22 data exception, 23 integrity constraint,
    /// 54 program limit): the same request will fail again, others need not.
    package var isDataFault: Bool {
        guard case .server(let state) = code else { return false }
        return state.hasPrefix("22") || state.hasPrefix("23") || state.hasPrefix("54")
    }

    /// True if nobody can tell from this error whether the request took effect: its answer was lost. A caller who sent
    /// COMMIT must then ask the database on another connection.
    package var isAmbiguousCommit: Bool {
        switch code {
        case .connectionLost, .timedOut: wasSent
        // transaction_resolution_unknown, statement_completion_unknown
        case .server(let state): state == "08007" || state == "40003"
        default: false
        }
    }

    func at(statement index: Int?) -> PostgresError {
        var error = self
        error.statementIndex = index
        return error
    }

    func sent() -> PostgresError {
        var error = self
        error.wasSent = true
        return error
    }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        var text = "\(code): \(message)"
        if let sqlState, code != .server(sqlState) { text += " [SQLSTATE \(sqlState)]" }
        if let constraint { text += " [constraint \(constraint)]" }
        if let statementIndex { text += " [statement \(statementIndex)]" }
        return text
    }
}

extension PostgresError.Code: CustomStringConvertible {
    package var description: String {
        switch self {
        case .connectionFailed: "connection failed"
        case .connectionLost: "connection lost"
        case .timedOut: "timed out"
        case .server(let state): "server error \(state)"
        case .decoding: "decoding"
        case .usage: "usage"
        case .closed: "pool closed"
        case .cancelled: "cancelled"
        }
    }
}

/// A notice or warning that the server sent beside its answer.
package struct Notice: Sendable, Equatable {
    /// `WARNING`, `NOTICE`, `INFO`, `LOG` or `DEBUG`.
    package let severity: String
    package let sqlState: String
    package let message: String

    package init(severity: String, sqlState: String, message: String) {
        self.severity = severity
        self.sqlState = sqlState
        self.message = message
    }

    /// True for a WARNING. On COMMIT it means that the promise of durability may not hold.
    package var isWarning: Bool { severity == "WARNING" }
}

/// The primary message of a server report without the data that some of them quote.
enum ServerMessage {
    /// Class 22 quotes the offending value between double quotes (`invalid input syntax for type integer: "..."`), and
    /// the value may hold quotes itself: everything from the first to the last goes.
    static func withoutData(_ message: String, sqlState: String) -> String {
        guard sqlState.hasPrefix("22"), let first = message.firstIndex(of: "\""),
            let last = message.lastIndex(of: "\"")
        else { return message }
        return message[..<first] + "\"...\"" + message[message.index(after: last)...]
    }
}
