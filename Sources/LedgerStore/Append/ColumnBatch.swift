import Postgres

/// Rows for one table, held by column: written as one `INSERT … SELECT unnest` when they are few and as one binary COPY
/// when they are many.
struct ColumnBatch: Sendable {
    /// The table within the schema `countersign`.
    let table: String
    let columns: [(name: String, values: ColumnValues)]

    var rowCount: Int { columns.first?.values.count ?? 0 }

    private var target: String {
        "countersign.\(table) (\(columns.map(\.name).joined(separator: ", ")))"
    }

    /// All rows in one statement of the pipeline.
    var insert: Statement {
        var statement = Statement("INSERT INTO \(unescaped: target) SELECT * FROM unnest(")
        for (index, column) in columns.enumerated() {
            if index > 0 { statement.append(unescaped: ", ") }
            statement.append(column.values)
        }
        statement.append(unescaped: ")")
        return statement
    }

    /// The statement that the rows follow.
    var copyStatement: Statement { "COPY \(unescaped: target) FROM STDIN (FORMAT binary)" }
}
