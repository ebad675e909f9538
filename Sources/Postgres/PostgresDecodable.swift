/// A value that can be read from a field of an answer in binary format.
package protocol PostgresDecodable {
    /// The value, or nil if a field of type `oid` cannot be read as one.
    static func decode(_ bytes: RawSpan, oid: UInt32) -> Self?
}

extension RawSpan {
    /// The big-endian number at `offset`, or nil past the end.
    @inline(__always)
    func bigEndian<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number? {
        guard offset >= 0, offset &+ MemoryLayout<Number>.size <= byteCount else { return nil }
        return Number(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// The whole field as one number.
    @inline(__always)
    func wholeNumber<Number: FixedWidthInteger & BitwiseCopyable>(as type: Number.Type) -> Number? {
        guard byteCount == MemoryLayout<Number>.size else { return nil }
        return Number(bigEndian: unsafe unsafeLoadUnaligned(as: Number.self))
    }
}

extension Int16: PostgresDecodable {
    package static func decode(_ bytes: RawSpan, oid: UInt32) -> Int16? {
        oid == DataType.int2 ? bytes.wholeNumber(as: Int16.self) : nil
    }
}

extension Int32: PostgresDecodable {
    /// Reads `int4` and the narrower `int2`.
    package static func decode(_ bytes: RawSpan, oid: UInt32) -> Int32? {
        switch oid {
        case DataType.int4: bytes.wholeNumber(as: Int32.self)
        case DataType.int2: bytes.wholeNumber(as: Int16.self).map(Int32.init)
        default: nil
        }
    }
}

extension Int64: PostgresDecodable {
    /// Reads `int8` and the narrower `int4`, `int2` and `oid`. (`sum` of `int8` is `numeric`: cast it.)
    package static func decode(_ bytes: RawSpan, oid: UInt32) -> Int64? {
        switch oid {
        case DataType.int8: bytes.wholeNumber(as: Int64.self)
        case DataType.int4: bytes.wholeNumber(as: Int32.self).map(Int64.init)
        case DataType.int2: bytes.wholeNumber(as: Int16.self).map(Int64.init)
        case DataType.oid: bytes.wholeNumber(as: UInt32.self).map(Int64.init)
        default: nil
        }
    }
}

extension Int: PostgresDecodable {
    package static func decode(_ bytes: RawSpan, oid: UInt32) -> Int? {
        Int64.decode(bytes, oid: oid).map(Int.init)
    }
}

extension Bool: PostgresDecodable {
    package static func decode(_ bytes: RawSpan, oid: UInt32) -> Bool? {
        oid == DataType.bool ? bytes.wholeNumber(as: UInt8.self).map { $0 != 0 } : nil
    }
}

extension Double: PostgresDecodable {
    package static func decode(_ bytes: RawSpan, oid: UInt32) -> Double? {
        switch oid {
        case DataType.float8: bytes.wholeNumber(as: UInt64.self).map { Double(bitPattern: $0) }
        case DataType.float4: bytes.wholeNumber(as: UInt32.self).map { Double(Float(bitPattern: $0)) }
        default: nil
        }
    }
}

extension String: PostgresDecodable {
    /// Reads every type whose binary form is its text. The connection's client encoding is always UTF-8.
    package static func decode(_ bytes: RawSpan, oid: UInt32) -> String? {
        switch oid {
        case DataType.text, DataType.varchar, DataType.bpchar, DataType.name, DataType.char, DataType.unknown,
            DataType.json:
            unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        default: nil
        }
    }
}

extension PostgresTimestamp: PostgresDecodable {
    /// Infinity has no place on our time line: it is refused like a wrong type.
    package static func decode(_ bytes: RawSpan, oid: UInt32) -> PostgresTimestamp? {
        guard oid == DataType.timestamptz, let sincePostgresEpoch = bytes.wholeNumber(as: Int64.self),
            sincePostgresEpoch != .min, sincePostgresEpoch != .max
        else { return nil }
        let (microseconds, overflow) = sincePostgresEpoch.addingReportingOverflow(postgresEpoch)
        return overflow ? nil : PostgresTimestamp(microseconds: microseconds)
    }
}

extension Array: PostgresDecodable where Element == UInt8 {
    package static func decode(_ bytes: RawSpan, oid: UInt32) -> [UInt8]? {
        oid == DataType.bytea ? unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) } : nil
    }
}

/// Reads a one-dimensional array; nil if it is none or an element is no `Element`.
func decodeArray<Element: PostgresDecodable>(_ bytes: RawSpan, of type: Element.Type) -> [Element?]? {
    guard let dimensions = bytes.bigEndian(at: 0, as: Int32.self),
        let elementOID = bytes.bigEndian(at: 8, as: UInt32.self)
    else { return nil }
    guard dimensions != 0 else { return [] }
    guard dimensions == 1, let count = bytes.bigEndian(at: 12, as: Int32.self), count >= 0 else { return nil }
    var elements: [Element?] = []
    elements.reserveCapacity(Swift.min(Int(count), bytes.byteCount / 4))
    var position = 20
    for _ in 0..<count {
        guard let length = bytes.bigEndian(at: position, as: Int32.self) else { return nil }
        position += 4
        if length < 0 {
            elements.append(nil)
            continue
        }
        guard position + Int(length) <= bytes.byteCount,
            let element = Element.decode(bytes.extracting(position..<position + Int(length)), oid: elementOID)
        else { return nil }
        elements.append(element)
        position += Int(length)
    }
    return elements
}
