/// A set of keyed codes that can be marked, each in eight bytes: open addressing, at most three quarters full.
///
/// Two different rows are taken for one with a probability of 2^-63 for each pair; the key is drawn for each run, so
/// nobody can prepare such a pair.
struct CodeSet: Sendable {
    private static let empty: UInt64 = 0
    private static let mark: UInt64 = 1
    private static let slotsMin = 64

    /// A code with its lowest bit as the mark.
    private var slots = [UInt64](repeating: empty, count: slotsMin)
    private(set) var count = 0
    private(set) var markedCount = 0

    /// Adds a code, if it is not there.
    mutating func insert(_ code: UInt128, isMarked: Bool) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        let code = Self.slot(of: code)
        let index = place(of: code)
        guard slots[index] == Self.empty else { return }
        slots[index] = isMarked ? code | Self.mark : code
        count += 1
        if isMarked { markedCount += 1 }
    }

    /// Marks a code.
    ///
    /// - Returns: whether it is there.
    mutating func mark(_ code: UInt128) -> Bool {
        let code = Self.slot(of: code)
        let index = place(of: code)
        guard slots[index] != Self.empty else { return false }
        if slots[index] & Self.mark == 0 {
            slots[index] |= Self.mark
            markedCount += 1
        }
        return true
    }

    /// What a slot holds of a code: neither the mark nor the sign of an empty slot.
    private static func slot(of code: UInt128) -> UInt64 {
        let half = UInt64(truncatingIfNeeded: code) & ~mark
        return half == empty ? mark << 1 : half
    }

    /// Where the code stands, or would stand.
    private func place(of code: UInt64) -> Int {
        let last = slots.count - 1
        // The codes are random: their upper bits are as good a place as any.
        var index = Int(truncatingIfNeeded: code >> 32) & last
        while slots[index] != Self.empty, slots[index] & ~Self.mark != code { index = (index + 1) & last }
        return index
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: Self.empty, count: old.count * 2)
        for slot in old where slot != Self.empty { slots[place(of: slot & ~Self.mark)] = slot }
    }
}
