import Ledger

/// What a lost `access/erased` entry erased.
struct LostErasure: Sendable {
    /// The entry itself.
    let seq: Int
    let seqs: SeqRanges
    /// Whose values went; nil for everybody's.
    let pseudonym: Pseudonym?
    /// Whether the person's mapping went as well.
    let forgets: Bool

    /// Nil if the entry is no erasure, or does not say of what.
    init?(_ entry: Entry) {
        guard entry.kind == Kind.access.rawValue, entry.outcome == "erased",
            let seqs = ErasureRecord.seqs(of: entry)
        else { return nil }
        seq = entry.seq
        self.seqs = seqs
        pseudonym = entry.json["data"]?["pseudonym"]?.text.flatMap { Pseudonym(text: $0) }
        forgets = pseudonym != nil && entry.json["data"]?["more"] == nil
    }
}
