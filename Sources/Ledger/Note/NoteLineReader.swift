import Cryptography

/// The lines in front of a checkpoint, one after the other: receipts and requests to witnesses begin with some.
struct NoteLineReader {
    /// What was not read yet.
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// The next line, without its end.
    mutating func next() throws(NoteFault) -> ArraySlice<UInt8> {
        guard let end = rest.firstIndex(of: 0x0A) else { throw .missingLine }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }

    /// The hashes on the next lines, and the empty line behind them.
    mutating func hashes(countMax: Int) throws(NoteFault) -> [Digest] {
        var hashes: [Digest] = []
        var line = try next()
        while !line.isEmpty {
            guard hashes.count < countMax else { throw .tooManyHashes }
            hashes.append(try NoteLine.hash(line))
            line = try next()
        }
        return hashes
    }
}
