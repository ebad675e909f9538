/// The answer to one statement: its rows, and what the server said beside them.
package struct Rows: RandomAccessCollection, Sendable {
    let result: QueryResult
    /// What the server reported while it ran the statement, at most ``NoticeLog/noticesMax``.
    package let notices: [Notice]

    package var startIndex: Int { 0 }
    package var endIndex: Int { result.rowCount }
    package subscript(position: Int) -> Row {
        precondition(position >= 0 && position < result.rowCount, "row \(position) of \(result.rowCount)")
        return Row(result: result, index: position)
    }

    /// The names of the columns, in order.
    package var columns: [String] { (0..<result.columnCount).map { result.columnName($0) } }
    /// What was done, such as `INSERT` or `COMMIT`. The answer to COMMIT in a failed transaction is `ROLLBACK`.
    package var command: String { result.command }
    /// How many rows the statement touched or returned.
    package var affected: Int { result.affected }
    /// True if the server warned. On COMMIT this means that the outcome is to be treated as unknown.
    package var hasWarning: Bool { notices.contains { $0.isWarning } }

    /// The only row. Anything else than one row is an error.
    package func one() throws(PostgresError) -> Row {
        guard count == 1 else { throw PostgresError(.decoding, "expected one row, got \(count)") }
        return self[0]
    }

    /// The only row, or nil if there is none.
    package func oneIfPresent() throws(PostgresError) -> Row? {
        guard count > 0 else { return nil }
        return try one()
    }
}
