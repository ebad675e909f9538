import Glibc

/// A value that can be a parameter of a statement or a field of a COPY row, in Postgres' binary format.
package protocol PostgresEncodable: Sendable {
    /// The type that the server is told.
    static var oid: UInt32 { get }
    /// True if the value stands for NULL; then `encode` is not called.
    var isNull: Bool { get }
    /// Appends the binary form, without its length.
    func encode(into bytes: inout [UInt8]) throws(PostgresError)
}

/// A type that can also be the element of an array with or without NULLs.
package protocol PostgresScalar: PostgresEncodable, PostgresArrayElement {
    /// The type of an array of such values.
    static var scalarArrayOID: UInt32 { get }
}

/// Decides what an `Array` of this type is: `[Int64]` is `int8[]`, but `[UInt8]` is `bytea`.
package protocol PostgresArrayElement: Sendable {
    static var arrayOID: UInt32 { get }
    static func encode(array: [Self], into bytes: inout [UInt8]) throws(PostgresError)
}

extension PostgresEncodable {
    package var isNull: Bool { false }
}

extension PostgresScalar {
    package static var arrayOID: UInt32 { scalarArrayOID }

    package static func encode(array: [Self], into bytes: inout [UInt8]) throws(PostgresError) {
        try encodeArray(array, elementOID: oid, into: &bytes)
    }
}

/// A one-dimensional array: its header, then each element with its length.
private func encodeArray<Element: PostgresEncodable>(
    _ array: [Element], elementOID: UInt32, into bytes: inout [UInt8]
) throws(PostgresError) {
    bytes.appendArrayHeader(
        count: array.count, holdsNull: array.contains { $0.isNull }, elementOID: elementOID)
    for element in array { try bytes.appendField(element) }
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }

    /// Appends what stands before the elements of a one-dimensional array: dimensions, "has NULLs", element type, count
    /// and lower bound.
    mutating func appendArrayHeader(count: Int, holdsNull: Bool, elementOID: UInt32) {
        appendBigEndian(Int32(count == 0 ? 0 : 1))
        appendBigEndian(Int32(holdsNull ? 1 : 0))
        appendBigEndian(elementOID)
        guard count > 0 else { return }
        appendBigEndian(Int32(clamping: count))
        appendBigEndian(Int32(1))
    }

    /// Appends a value with its length before it, as arrays and COPY want it; -1 is NULL.
    mutating func appendField(_ value: some PostgresEncodable) throws(PostgresError) {
        guard !value.isNull else { return appendBigEndian(Int32(-1)) }
        let lengthAt = count
        appendBigEndian(Int32(0))
        try value.encode(into: &self)
        let length = count - lengthAt - 4
        guard length <= fieldBytesMax else { throw PostgresError(.usage, "a value is longer than 1 GiB") }
        self[lengthAt] = UInt8(truncatingIfNeeded: length >> 24)
        self[lengthAt + 1] = UInt8(truncatingIfNeeded: length >> 16)
        self[lengthAt + 2] = UInt8(truncatingIfNeeded: length >> 8)
        self[lengthAt + 3] = UInt8(truncatingIfNeeded: length)
    }
}

extension [UInt8] {
    /// memchr, because every line of every COPY is searched.
    fileprivate func holdsZero(from start: Int) -> Bool {
        unsafe withUnsafeBytes { bytes in
            unsafe bytes.baseAddress.map { unsafe memchr($0 + start, 0, bytes.count - start) != nil } ?? false
        }
    }
}

/// Postgres refuses fields of 1 GiB and more.
let fieldBytesMax = 1 << 30 - 1

extension Int16: PostgresScalar {
    package static var oid: UInt32 { DataType.int2 }
    package static var scalarArrayOID: UInt32 { DataType.int2Array }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int32: PostgresScalar {
    package static var oid: UInt32 { DataType.int4 }
    package static var scalarArrayOID: UInt32 { DataType.int4Array }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int64: PostgresScalar {
    package static var oid: UInt32 { DataType.int8 }
    package static var scalarArrayOID: UInt32 { DataType.int8Array }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int: PostgresScalar {
    package static var oid: UInt32 { DataType.int8 }
    package static var scalarArrayOID: UInt32 { DataType.int8Array }
    package func encode(into bytes: inout [UInt8]) { bytes.appendBigEndian(Int64(self)) }
}

extension Bool: PostgresScalar {
    package static var oid: UInt32 { DataType.bool }
    package static var scalarArrayOID: UInt32 { DataType.boolArray }
    package func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
}

extension String: PostgresScalar {
    package static var oid: UInt32 { DataType.text }
    package static var scalarArrayOID: UInt32 { DataType.textArray }

    /// Postgres has no U+0000 in text.
    package func encode(into bytes: inout [UInt8]) throws(PostgresError) {
        let start = bytes.count
        bytes.append(contentsOf: utf8)
        guard !bytes.holdsZero(from: start) else {
            throw PostgresError(.usage, "a text holds U+0000, which Postgres cannot store")
        }
    }
}

extension PostgresTimestamp: PostgresScalar {
    package static var oid: UInt32 { DataType.timestamptz }
    package static var scalarArrayOID: UInt32 { DataType.timestamptzArray }

    package func encode(into bytes: inout [UInt8]) throws(PostgresError) {
        let (sincePostgresEpoch, overflow) = microseconds.subtractingReportingOverflow(Self.postgresEpoch)
        // The smallest and the largest number mean minus and plus infinity.
        guard !overflow, sincePostgresEpoch != .min, sincePostgresEpoch != .max else {
            throw PostgresError(.usage, "a timestamp is out of range")
        }
        bytes.appendBigEndian(sincePostgresEpoch)
    }
}

extension UInt8: PostgresArrayElement {
    package static var arrayOID: UInt32 { DataType.bytea }
    package static func encode(array: [UInt8], into bytes: inout [UInt8]) { bytes.append(contentsOf: array) }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package static var oid: UInt32 { Element.arrayOID }
    package func encode(into bytes: inout [UInt8]) throws(PostgresError) {
        try Element.encode(array: self, into: &bytes)
    }
}

extension Array: PostgresArrayElement where Element == UInt8 {}

extension Array: PostgresScalar where Element == UInt8 {
    package static var scalarArrayOID: UInt32 { DataType.byteaArray }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var oid: UInt32 { Wrapped.oid }
    package var isNull: Bool { self == nil }
    package func encode(into bytes: inout [UInt8]) throws(PostgresError) { try self?.encode(into: &bytes) }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresScalar {
    package static var arrayOID: UInt32 { Wrapped.scalarArrayOID }
    package static func encode(array: [Wrapped?], into bytes: inout [UInt8]) throws(PostgresError) {
        try encodeArray(array, elementOID: Wrapped.oid, into: &bytes)
    }
}
