import Ledger
import Testing

@Suite struct `Ranges of entries` {
    @Test func `are spelled as short as possible, and read back`() throws {
        let ranges = SeqRanges(ascending: [3, 4, 5, 9, 11, 12])
        #expect(ranges.texts.compactMap(\.text) == ["3-5", "9", "11-12"])
        #expect(ranges.count == 6)
        #expect(SeqRanges(texts: ranges.texts) == ranges)
        #expect([3, 5, 9, 11, 12].allSatisfy(ranges.contains))
        #expect(![0, 2, 6, 8, 10, 13].contains(where: ranges.contains))
        #expect(SeqRanges(texts: []) == SeqRanges())
    }

    @Test(arguments: [
        ["3-3"], ["5-3"], ["03"], ["-3"], ["3-"], ["3-4-5"], ["x"], [""], ["9", "3"], ["3-5", "5"],
        ["9007199254740992"],
    ])
    func `are refused where they are no ascending list of places`(texts: [String]) {
        #expect(SeqRanges(texts: texts.map(JSONValue.string)) == nil)
    }

    @Test func `are cut where a block ends`() {
        var ranges = SeqRanges()
        ranges.append(1_000...2_100)
        ranges.append(5_000)
        #expect(ranges.blocks == [1_000...1_023, 1_024...2_047, 2_048...2_100, 5_000...5_000])
        #expect(ranges.parts(of: 1).map(\.count) == [1_101, 1])
    }
}
