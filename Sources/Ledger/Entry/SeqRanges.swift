/// Places of entries as an `access/erased` entry lists them: ascending, disjoint ranges such as `3-7` and `9`.
package struct SeqRanges: Equatable, Sendable {
    /// Blocks of so many entries: stored ranges never cross the end of one.
    package static let blockSize = 1 << 10

    /// First and last place of each range.
    package private(set) var ranges: [ClosedRange<Int>] = []

    package init() {}

    /// The ranges that hold `seqs`, which ascend.
    package init(ascending seqs: some Sequence<Int>) {
        for seq in seqs { append(seq) }
    }

    /// Reads what `texts` spells; nil where that is no list of ascending, disjoint ranges.
    package init?(texts: [JSONValue]) {
        for text in texts {
            guard let range = text.text.flatMap(Self.range), range.lowerBound > ranges.last?.upperBound ?? -1 else {
                return nil
            }
            ranges.append(range)
        }
    }

    /// Adds a place behind all others, or one that is there.
    package mutating func append(_ seq: Int) { append(seq...seq) }

    /// Adds a range that does not begin before the last one.
    package mutating func append(_ range: ClosedRange<Int>) {
        guard let last = ranges.last, range.lowerBound <= last.upperBound + 1 else { return ranges.append(range) }
        ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
    }

    /// How many places they hold.
    package var count: Int { ranges.reduce(0) { $0 + $1.count } }

    package var isEmpty: Bool { ranges.isEmpty }

    /// As the line spells them.
    package var texts: [JSONValue] {
        ranges.map { .string($0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)") }
    }

    /// Whether `seq` is one of the places.
    package func contains(_ seq: Int) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < seq { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(seq)
    }

    /// The same places, each range cut where a block ends.
    package var blocks: [ClosedRange<Int>] {
        ranges.flatMap { range in
            (range.lowerBound / Self.blockSize...range.upperBound / Self.blockSize).map { block in
                let first = block * Self.blockSize
                return max(range.lowerBound, first)...min(range.upperBound, first + Self.blockSize - 1)
            }
        }
    }

    /// At most `most` ranges each, in order.
    package func parts(of most: Int) -> [SeqRanges] {
        stride(from: 0, to: ranges.count, by: most).map { start in
            var part = SeqRanges()
            part.ranges = Array(ranges[start..<min(start + most, ranges.count)])
            return part
        }
    }

    private static func range(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map {
            WholeNumber.read($0, max: JSONValue.integerMax)
        }
        switch (ends.count, ends.first ?? nil, ends.last ?? nil) {
        case (1, let seq?, _): return seq...seq
        case (2, let first?, let last?) where first < last: return first...last
        default: return nil
        }
    }
}
