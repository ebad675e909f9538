import Testing

@testable import LedgerStore

@Suite struct `A set of codes` {
    /// Codes without any two alike.
    private func code(_ number: Int) -> UInt128 { UInt128(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15 << 1 }

    @Test func `a code is found once it is there, however the set grows`() {
        var set = CodeSet()
        for number in 0..<10_000 {
            let isKnown = set.mark(code(number))
            #expect(!isKnown, "\(number)")
            set.insert(code(number), isMarked: number.isMultiple(of: 2))
        }
        #expect(set.count == 10_000)
        #expect(set.markedCount == 5_000)
        for number in 0..<10_000 {
            let isKnown = set.mark(code(number))
            #expect(isKnown, "\(number)")
        }
        #expect(set.markedCount == 10_000)
    }

    @Test func `a code that comes again changes nothing`() {
        var set = CodeSet()
        set.insert(0, isMarked: false)
        set.insert(0, isMarked: true)
        #expect(set.count == 1)
        #expect(set.markedCount == 0)
        let isMet = set.mark(0)
        let isMetAgain = set.mark(0)
        #expect(isMet && isMetAgain)
        #expect(set.markedCount == 1)
    }

    @Test func `codes that want the same place lie beside each other`() {
        var set = CodeSet()
        for low in 1..<40 { set.insert(UInt128(low) << 1, isMarked: false) }
        for low in 1..<40 {
            let isKnown = set.mark(UInt128(low) << 1)
            #expect(isKnown, "\(low)")
        }
        let isKnown = set.mark(UInt128(40) << 1)
        #expect(!isKnown)
        #expect(set.markedCount == 39)
    }
}
