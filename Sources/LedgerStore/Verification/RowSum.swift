import Cryptography

/// A set of rows as the sum, modulo 2^128, of a keyed code of each row (Clarke et al., "Incremental Multiset Hash
/// Functions and Their Application to Memory Integrity Checking": MSet-Add-Hash). It does not matter in which order
/// rows come, so rows that must exist are compared with rows that do exist without looking up a single one.
///
/// The key is drawn for each run and never leaves it. Without it nobody can prepare other rows with the same sum: two
/// different sets agree with probability 2^-128.
struct RowSum: Sendable, Equatable {
    private var sum: UInt128 = 0
    private(set) var count = 0

    mutating func add(_ code: UInt128) {
        sum &+= code
        count += 1
    }

    mutating func add(_ other: RowSum) {
        sum &+= other.sum
        count += other.count
    }
}

/// Writes a row as binary COPY does, each field behind its length, so that rows which come from the database are hashed
/// where they lie.
struct RowBytes {
    private(set) var bytes: [UInt8] = []

    mutating func begin() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ field: some Collection<UInt8>) {
        append(length: field.count)
        bytes.append(contentsOf: field)
    }

    mutating func append(_ field: Span<UInt8>) {
        append(length: field.count)
        unsafe field.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// A tag of 16 bytes.
    mutating func append(_ tag: UInt128) {
        append(length: 16)
        append(word: UInt64(truncatingIfNeeded: tag >> 64))
        append(word: UInt64(truncatingIfNeeded: tag))
    }

    /// A `bigint`.
    mutating func append(_ number: Int) {
        append(length: 8)
        append(word: UInt64(bitPattern: Int64(number)))
    }

    /// An `integer`.
    mutating func append(_ number: Int32) {
        append(length: 4)
        append(length: Int(number))
    }

    private mutating func append(length: Int) {
        unsafe withUnsafeBytes(of: UInt32(truncatingIfNeeded: length).bigEndian) {
            unsafe bytes.append(contentsOf: $0)
        }
    }

    private mutating func append(word: UInt64) {
        unsafe withUnsafeBytes(of: word.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }
}
