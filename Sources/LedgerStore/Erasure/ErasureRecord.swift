import Cryptography
import Ledger

/// One line of the journal: an `access/erased` entry, and which entries it touched, by their leaf hashes. A leaf hash
/// says of itself and of all entries before it that they are the same, and tells nobody anything else.
struct ErasureRecord: Sendable {
    /// Touched entries within one block.
    struct Block: Sendable {
        let range: ClosedRange<Int>
        let firstHash: Digest
        let lastHash: Digest
    }

    let origin: String
    /// The `access/erased` entry.
    let seq: Int
    let leafHash: Digest
    let event: Erasure.Event
    /// Whose values went; nil for everybody's.
    let pseudonym: Pseudonym?
    /// Whether a later entry ends the erasure.
    let hasMore: Bool
    /// Further members of the entry's `data`, such as the legal basis.
    let data: [JSONValue.Member]
    let blocks: [Block]

    private static let ownMembers = ["entries", "event", "more", "pseudonym", "seqs"]

    /// The record of an entry; nil if that is no erasure.
    ///
    /// - Parameter hash: the leaf hash of a touched entry.
    init?(_ entry: Entry, leafHash: Digest, hash: (Int) -> Digest?) {
        guard let data = entry.json["data"]?.members, let seqs = Self.seqs(of: entry),
            let event = entry.json["data"]?["event"]?.text.flatMap(Erasure.Event.init(rawValue:))
        else { return nil }
        origin = entry.ledger
        seq = entry.seq
        self.leafHash = leafHash
        self.event = event
        pseudonym = entry.json["data"]?["pseudonym"]?.text.flatMap { Pseudonym(text: $0) }
        hasMore = entry.json["data"]?["more"] != nil
        self.data = data.filter { !Self.ownMembers.contains($0.name) }
        blocks = seqs.blocks.compactMap { range in
            guard let first = hash(range.lowerBound), let last = hash(range.upperBound) else { return nil }
            return Block(range: range, firstHash: first, lastHash: last)
        }
    }

    /// What an `access/erased` entry lists; nil if that is no list of entries before it.
    static func seqs(of entry: Entry) -> SeqRanges? {
        guard let seqs = SeqRanges(texts: entry.json["data"]?["seqs"]?.elements ?? []),
            seqs.ranges.last?.upperBound ?? -1 < entry.seq
        else { return nil }
        return seqs
    }

    /// Reads a line of the journal; nil if it is none.
    init?(_ json: JSONValue) {
        guard let origin = json["ledger"]?.text, let seq = json["seq"]?.number, seq >= 0,
            let leafHash = json["leaf_hash"]?.text.flatMap({ Digest(hex: $0) }),
            let event = json["event"]?.text.flatMap(Erasure.Event.init(rawValue:)),
            let data = json["data"]?.members, let blocks = json["blocks"]?.elements
        else { return nil }
        self.origin = origin
        self.seq = seq
        self.leafHash = leafHash
        self.event = event
        pseudonym = json["pseudonym"]?.text.flatMap { Pseudonym(text: $0) }
        hasMore = json["more"] != nil
        self.data = data
        self.blocks = blocks.compactMap { block in
            guard let first = block["first"]?.number, let last = block["last"]?.number,
                // So that whoever goes through a block's places does not do so for ever.
                0 <= first, first <= last, last - first < SeqRanges.blockSize,
                let firstHash = block["first_hash"]?.text.flatMap({ Digest(hex: $0) }),
                let lastHash = block["last_hash"]?.text.flatMap({ Digest(hex: $0) })
            else { return nil }
            return Block(range: first...last, firstHash: firstHash, lastHash: lastHash)
        }
        guard self.blocks.count == blocks.count else { return nil }
    }

    /// The line as JSON.
    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init(
                "blocks",
                .array(
                    blocks.map { block in
                        [
                            "first": .integer(block.range.lowerBound), "first_hash": .string(block.firstHash.hex),
                            "last": .integer(block.range.upperBound), "last_hash": .string(block.lastHash.hex),
                        ]
                    })),
            .init("data", .object(data)), .init("event", .string(event.rawValue)),
            .init("leaf_hash", .string(leafHash.hex)), .init("ledger", .string(origin)), .init("seq", .integer(seq)),
        ]
        if hasMore { members.append(.init("more", true)) }
        if let pseudonym { members.append(.init("pseudonym", .string(pseudonym.text))) }
        return .object(members)
    }
}
