/// Reads the rows of a chunk of a binary `COPY ... TO STDOUT (FORMAT binary)`. The server sends whole rows only, so
/// each chunk is read by itself:
///
///     var reader = CopyReader(chunk)
///     while try reader.nextRow() { lines.append(try reader.text()) }
///
/// Fields are read in order. COPY names no types: the reader must know them, and checks lengths only.
package struct CopyReader: Sendable {
    private let chunk: [UInt8]
    /// Where the next field begins in the chunk, with its length before it.
    package private(set) var position = 0
    /// Fields of the present row that have not been read.
    package private(set) var fieldsLeft = 0

    package init(_ chunk: [UInt8]) {
        self.chunk = chunk
        // The first chunk begins with the header, which no row can look like: a row has at most 1664 fields.
        if chunk.starts(with: CopyFormat.header) { position = CopyFormat.header.count }
    }

    /// Goes to the next row, past what is unread of the present one; false at the end of the chunk.
    package mutating func nextRow() throws(PostgresError) -> Bool {
        while fieldsLeft > 0 { _ = try nextField() }
        guard position < chunk.count else { return false }
        guard let fields = unsafe chunk.span.bytes.bigEndian(at: position, as: Int16.self) else {
            throw CopyFormat.broken
        }
        position += 2
        guard fields >= 0 else { return false }
        fieldsLeft = Int(fields)
        return true
    }

    /// A number of a row that may say anything; one outside of `range` is read as the nearest one within.
    package mutating func int(clampedTo range: ClosedRange<Int>) throws(PostgresError) -> Int {
        let number: Int = try field(DataType.int8)
        return min(max(number, range.lowerBound), range.upperBound)
    }

    package mutating func bool() throws(PostgresError) -> Bool { try field(DataType.bool) }
    package mutating func text() throws(PostgresError) -> String { try field(DataType.text) }
    package mutating func bytes() throws(PostgresError) -> [UInt8] { try field(DataType.bytea) }
    package mutating func timestamp() throws(PostgresError) -> PostgresTimestamp { try field(DataType.timestamptz) }
    package mutating func timestampIfPresent() throws(PostgresError) -> PostgresTimestamp? {
        try fieldIfPresent(DataType.timestamptz)
    }
    package mutating func textIfPresent() throws(PostgresError) -> String? { try fieldIfPresent(DataType.text) }
    package mutating func bytesIfPresent() throws(PostgresError) -> [UInt8]? { try fieldIfPresent(DataType.bytea) }

    /// Where the next field stands in the chunk, without copying it; nil if it is NULL.
    package mutating func nextField() throws(PostgresError) -> Range<Int>? {
        guard fieldsLeft > 0, let length = unsafe chunk.span.bytes.bigEndian(at: position, as: Int32.self) else {
            throw CopyFormat.broken
        }
        position += 4
        fieldsLeft -= 1
        guard length >= 0 else { return nil }
        guard position + Int(length) <= chunk.count else { throw CopyFormat.broken }
        defer { position += Int(length) }
        return position..<position + Int(length)
    }

    /// Where the next field stands in the chunk, without copying it; it must not be NULL.
    package mutating func field() throws(PostgresError) -> Range<Int> {
        guard let range = try nextField() else { throw PostgresError(.decoding, "a COPY field is NULL") }
        return range
    }

    @inline(__always)
    private mutating func fieldIfPresent<Value: PostgresDecodable>(_ oid: UInt32) throws(PostgresError) -> Value? {
        guard let range = try nextField() else { return nil }
        guard let value = Value.decode(unsafe chunk.span.bytes.extracting(range), oid: oid) else {
            throw CopyFormat.broken
        }
        return value
    }

    @inline(__always)
    private mutating func field<Value: PostgresDecodable>(_ oid: UInt32) throws(PostgresError) -> Value {
        guard let value: Value = try fieldIfPresent(oid) else {
            throw PostgresError(.decoding, "a COPY field is NULL")
        }
        return value
    }
}
