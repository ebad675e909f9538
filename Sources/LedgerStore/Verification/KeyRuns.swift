/// Follows idempotency keys along the entries: those of one request that share a key follow each other, and are one row
/// of `keys`.
struct KeyRuns {
    struct Run {
        let tag: UInt128
        /// What the line of its first entry says.
        let firstSeq: Int
        /// The place that this line was read from: another one only where somebody has tampered.
        let place: Int
        var count: Int
    }

    /// The run that the last entry belongs to.
    private(set) var open: Run?
    /// The key of a request whose first entries are not read: its other ones say nothing alone.
    private var begunBefore: UInt128?

    /// - Parameter begunBefore: the key of the entry before the first one that is added, if they may be of one request.
    init(begunBefore: UInt128? = nil) {
        self.begunBefore = begunBefore
    }

    /// Adds an entry that was read from `place`; gives the run that it ends.
    mutating func add(_ tag: UInt128?, at seq: Int, place: Int) -> Run? {
        if let begun = begunBefore, begun == tag { return nil }
        begunBefore = nil
        if let run = open, run.tag == tag, run.firstSeq + run.count == seq {
            open?.count += 1
            return nil
        }
        defer { open = tag.map { Run(tag: $0, firstSeq: seq, place: place, count: 1) } }
        return open
    }

    /// The run that the last entry ends.
    mutating func finish() -> Run? {
        defer { open = nil }
        return open
    }
}
