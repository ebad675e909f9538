/// Names with their rules, found by a hash that grows from a name's right end to its left.
///
/// An open hash table of offsets into one array of entries. Only the list fills it: what is looked up cannot make it
/// slower.
struct SuffixTable: Sendable {
    /// The hash of no bytes (FNV-1a, 64 bits).
    static let emptyHash: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let free = UInt32.max

    /// For each name: its rules, its size, its bytes.
    private var entries: [UInt8] = []
    /// Offsets of entries; the size is a power of two, at most half of them are taken.
    private var slots: [UInt32]

    /// The table of `rules`; their names have at most 253 bytes.
    init(_ rules: [(name: [UInt8], kind: SuffixRule)]) {
        var size = 16
        while size < 2 * rules.count { size *= 2 }
        slots = [UInt32](repeating: Self.free, count: size)
        for rule in rules { insert(rule.name, rule.kind) }
    }

    /// The hash of the name that `byte` makes longer at its left end.
    @inline(__always)
    static func hash(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }

    /// The rules for exactly that name, whose hash was taken from its right end.
    func rules(for name: ArraySlice<UInt8>, hash: UInt64) -> SuffixRule {
        let offset = slots[slot(for: name, hash: hash)]
        return offset == Self.free ? [] : SuffixRule(rawValue: entries[Int(offset)])
    }

    private mutating func insert(_ name: [UInt8], _ kind: SuffixRule) {
        let hash = name.reversed().reduce(Self.emptyHash, Self.hash)
        let slot = slot(for: name[...], hash: hash)
        guard slots[slot] == Self.free else {
            entries[Int(slots[slot])] |= kind.rawValue
            return
        }
        slots[slot] = UInt32(truncatingIfNeeded: entries.count)
        entries += [kind.rawValue, UInt8(truncatingIfNeeded: name.count)]
        entries += name
    }

    /// The slot that holds the name, or the free one where it belongs. Half of the slots are free, so it ends.
    private func slot(for name: ArraySlice<UInt8>, hash: UInt64) -> Int {
        let mask = slots.count - 1
        // The low bits of FNV are its weakest.
        var slot = Int(truncatingIfNeeded: hash ^ (hash >> 32)) & mask
        while slots[slot] != Self.free {
            let start = Int(slots[slot]) + 2
            let size = Int(entries[start - 1])
            if size == name.count, entries[start..<(start + size)].elementsEqual(name) { return slot }
            slot = (slot + 1) & mask
        }
        return slot
    }
}
