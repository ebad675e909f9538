import Postgres

/// Rows for one table, held by column: written as one `INSERT … SELECT unnest` when they are few and as one binary COPY
/// when they are many.
struct ColumnBatch: Sendable {
    /// The values of one column, in the order of the rows.
    enum Values: Sendable {
        case int64([Int64])
        case int32([Int32])
        case int16([Int16])
        case text([String?])
        case bytes([[UInt8]?])
        case timestamp([PostgresTimestamp?])

        var count: Int {
            switch self {
            case .int64(let values): values.count
            case .int32(let values): values.count
            case .int16(let values): values.count
            case .text(let values): values.count
            case .bytes(let values): values.count
            case .timestamp(let values): values.count
            }
        }
    }

    /// The table within the schema `countersign`.
    let table: String
    let columns: [(name: String, values: Values)]

    var rowCount: Int { columns.first?.values.count ?? 0 }

    private var target: String {
        "countersign.\(table) (\(columns.map(\.name).joined(separator: ", ")))"
    }

    /// All rows in one statement of the pipeline.
    var insert: Statement {
        var statement = Statement("INSERT INTO \(unescaped: target) SELECT * FROM unnest(")
        for (index, column) in columns.enumerated() {
            if index > 0 { statement.append(unescaped: ", ") }
            switch column.values {
            case .int64(let values): statement.append(values)
            case .int32(let values): statement.append(values)
            case .int16(let values): statement.append(values)
            case .text(let values): statement.append(values)
            case .bytes(let values): statement.append(values)
            case .timestamp(let values): statement.append(values)
            }
        }
        statement.append(unescaped: ")")
        return statement
    }

    /// The statement that the rows of `copyRows` follow.
    var copyStatement: Statement { "COPY \(unescaped: target) FROM STDIN (FORMAT binary)" }

    /// All rows in the binary form of COPY.
    var copyRows: CopyRows {
        var rows = CopyRows()
        for row in 0..<rowCount {
            rows.beginRow(fields: columns.count)
            for column in columns {
                switch column.values {
                case .int64(let values): rows.append(values[row])
                case .int32(let values): rows.append(values[row])
                case .int16(let values): rows.append(values[row])
                case .text(let values): rows.append(values[row])
                case .bytes(let values): rows.append(values[row])
                case .timestamp(let values): rows.append(values[row])
                }
            }
        }
        return rows
    }
}
