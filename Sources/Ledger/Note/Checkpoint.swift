package import Cryptography

/// The size and root of a ledger's tree as the text of a note (C2SP tlog-checkpoint).
package struct Checkpoint: Hashable, Sendable {
    /// The most leaves that a tree can have (C2SP tlog-checkpoint): nothing may be added to such a size.
    package static let sizeMax = Int.max

    /// The ledger's name, as bytes: it is also the name of the key that signs.
    package let origin: KeyName
    /// How many leaves the tree has, at most ``sizeMax``.
    package let size: Int
    package let root: Digest
    /// Further lines, without their ends: opaque, and never written by us.
    package let extensions: [[UInt8]]

    package init(origin: Origin, size: Int, root: Digest) {
        self.origin = KeyName(origin)
        self.size = size
        self.root = root
        extensions = []
    }

    /// Reads the text of a note.
    package init(_ text: [UInt8]) throws(NoteFault) {
        try self.init(ofAnyRoot: text)
        guard !hasWrongEmptyRoot else { throw .wrongEmptyRoot }
    }

    /// Reads the text of a note that may give a tree without leaves any root: a witness has to tell that apart from
    /// what it cannot read (C2SP tlog-witness).
    init(ofAnyRoot text: [UInt8]) throws(NoteFault) {
        guard text.last == 0x0A else { throw .unendedLine }
        let lines = text.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
        guard lines.count >= 3 else { throw .missingLine }
        origin = try KeyName(lines[0])
        size = try NoteLine.number(lines[1], max: Self.sizeMax)
        root = try NoteLine.hash(lines[2])
        guard lines.dropFirst(3).allSatisfy({ !$0.isEmpty }) else { throw .unexpectedLine }
        extensions = lines.dropFirst(3).map { Array($0) }
    }

    /// Whether the tree has no leaves, and another root than the SHA-256 of nothing.
    var hasWrongEmptyRoot: Bool { size == 0 && root != TreeHash.empty }

    /// The text that is signed.
    package var text: [UInt8] {
        Array("\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n".utf8) + extensions.flatMap { $0 + [0x0A] }
    }
}
