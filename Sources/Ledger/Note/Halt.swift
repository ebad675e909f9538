import Cryptography

/// Why nothing is appended to a ledger, and which tree it should have had. It stands in the database and in a file
/// beside the guard, which does not go back with the database:
///
///     countersign/halt/1
///     <origin>
///     <size>
///     <root in base64>
///
///     <the reason, to the end of the file>
package struct Halt: Hashable, Sendable {
    /// The longest file, in bytes.
    package static let sizeMax = 4_096
    /// The longest reason, in bytes; what is more is cut off.
    package static let reasonSizeMax = 1_000
    private static let header = Array("countersign/halt/1".utf8)

    /// For the operator: what contradicts what.
    package let reason: String
    /// The tree that the ledger should have had, signed or answered: the one without leaves where nobody could say.
    package let expected: Checkpoint

    package init(_ reason: String, expecting expected: Checkpoint) {
        var reason = reason
        while reason.utf8.count > Self.reasonSizeMax { reason.removeLast() }
        self.reason = reason
        self.expected = expected
    }

    /// The halt of a ledger about whose tree nobody could say anything.
    package init(_ reason: String, of origin: Origin) {
        self.init(reason, expecting: Checkpoint(origin: origin, size: 0, root: TreeHash.empty))
    }

    /// Reads a file.
    package init(_ bytes: [UInt8]) throws(NoteFault) {
        guard bytes.count <= Self.sizeMax else { throw .tooLarge }
        var reader = NoteLineReader(bytes)
        guard try reader.next().elementsEqual(Self.header) else { throw .unknownFormat }
        var text: [UInt8] = []
        for _ in 0..<3 { text += try reader.next() + [0x0A] }
        let expected = try Checkpoint(text)
        guard try reader.next().isEmpty else { throw .unexpectedLine }
        guard reader.rest.last == 0x0A else { throw .unendedLine }
        self.init(String(decoding: reader.rest.dropLast(), as: UTF8.self), expecting: expected)
    }

    /// The file as it is written.
    package var bytes: [UInt8] { Self.header + [0x0A] + expected.text + [0x0A] + Array(reason.utf8) + [0x0A] }

    /// What is known once `later` is known as well: the first reason stays, and the larger tree.
    package func joined(with later: Halt?) -> Halt {
        guard let later, later.expected.size > expected.size else { return self }
        return Halt(reason, expecting: later.expected)
    }
}
