import CLibPQ

/// The owner of a `PGresult`.
///
/// `@unchecked Sendable` because nothing writes to a `PGresult` once libpq has handed it over: `result` is private,
/// constant and freed once, and the accessors called here only read. (Out of range they would raise a notice through
/// the connection that made it; every index is checked before.)
@safe final class QueryResult: @unchecked Sendable {
    private let result: OpaquePointer
    let rowCount: Int
    let columnCount: Int

    @unsafe init(owning result: OpaquePointer) {
        unsafe self.result = result
        rowCount = Int(unsafe PQntuples(result))
        columnCount = Int(unsafe PQnfields(result))
    }

    deinit { unsafe PQclear(result) }

    var status: ExecStatusType { unsafe PQresultStatus(result) }
    var command: String {
        let tag = unsafe String(cString: PQcmdStatus(result))
        return String(tag.prefix { $0 != " " })
    }
    var affected: Int { Int(unsafe String(cString: PQcmdTuples(result))) ?? 0 }

    /// A field of the server's error report (`PG_DIAG_...`).
    func errorField(_ field: Int32) -> String? {
        unsafe PQresultErrorField(result, field).map { unsafe String(cString: $0) }
    }

    func columnName(_ column: Int) -> String {
        precondition(column >= 0 && column < columnCount)
        return unsafe PQfname(result, Int32(column)).map { unsafe String(cString: $0) } ?? ""
    }

    func index(of column: Column) throws(PostgresError) -> Int {
        switch column {
        case .index(let index):
            guard index >= 0 && index < columnCount else {
                throw PostgresError(.decoding, "no column \(index), there are \(columnCount)")
            }
            return index
        case .named(let name):
            // Not PQfnumber: it folds case unless the name is quoted.
            for index in 0..<columnCount where hasName(name, column: index) { return index }
            throw PostgresError(.decoding, "no column \(name)")
        }
    }

    private func hasName(_ name: String, column: Int) -> Bool {
        guard let start = unsafe PQfname(result, Int32(column)) else { return false }
        var position = 0
        for byte in name.utf8 {
            // A C string: its end differs from every byte of `name`, so nothing is read past it.
            guard unsafe UInt8(bitPattern: start[position]) == byte, byte != 0 else { return false }
            position += 1
        }
        return unsafe start[position] == 0
    }

    /// The value of a field, nil if it is NULL.
    @inline(__always)
    func value<Value>(
        row: Int, column: Column, _ decode: (RawSpan, UInt32) -> Value?
    ) throws(PostgresError) -> Value? {
        precondition(row >= 0 && row < rowCount)
        let index = try index(of: column)
        let (line, field) = (Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: index))
        guard unsafe PQgetisnull(result, line, field) == 0 else { return nil }
        let oid = unsafe PQftype(result, field)
        let bytes = unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(result, line, field), count: Int(PQgetlength(result, line, field)))
        guard let value = unsafe decode(bytes.bytes, oid) else {
            throw PostgresError(
                .decoding, "column \(columnName(index)) of type \(oid) cannot be read as \(Value.self)")
        }
        return value
    }
}
