/// What the units of a group add to what guards count, as far as they have been heard: a guard that counts is told of
/// them, for the database does not know them yet.
struct EarlierUnits {
    private var counts: [UnitTag: Int] = [:]
    private var usedKeys: Set<[UInt8]> = []

    /// How much is added under `tag`.
    func count(of tag: UnitTag) -> Int { counts[tag] ?? 0 }

    /// Takes note of a unit that no guard spoke against. A repeat of an earlier request adds nothing.
    mutating func add(_ unit: AppendUnit, knowing facts: GroupFacts) {
        guard !unit.adds.isEmpty else { return }
        let tags = unit.keyTags
        guard tags.isEmpty || !tags.allSatisfy({ facts.usedKeys[$0] != nil || usedKeys.contains($0) }) else { return }
        usedKeys.formUnion(tags)
        counts.merge(unit.adds) { $0 + $1 }
    }
}
