import Ledger

/// What is there of an entry's sealed values, each of which matches its digest: enough to say whether what is missing
/// was erased, and whether what was erased is missing. Pure.
struct SealedState: Sendable {
    let seq: Int
    /// How many of the values that the line promises are not there, and whether any is.
    let missingCount: Int
    let isEmpty: Bool
    /// Values that are there and are neither recipient nor author.
    let otherCount: Int
    /// The people that are there, each once.
    let peopleCount: Int
    /// Whether the line promises people.
    let hasPeople: Bool
    let subjects: [UInt128]

    /// What is wrong, given what was erased of the entry.
    func finding(_ erased: ErasureCoverage.Erased) -> Finding? {
        func missing(_ reason: String) -> Finding { Finding(.disclosure, seq: seq, table: "disclosures", reason) }
        guard !erased.isNothing else {
            guard missingCount > 0 else { return nil }
            return missing(
                isEmpty ? "the sealed values are missing" : "sealed values are missing, and no entry erased them")
        }
        let stayingCount = erased.isWhole ? 0 : subjects.count { !erased.pseudonyms.contains($0) }
        if otherCount > 0 || (hasPeople && peopleCount > stayingCount) {
            return Finding(
                .erasure, seq: seq, table: "disclosures", "sealed values are there that an entry says were erased")
        }
        // An entry that is about people without naming them, such as an export's, keeps nothing.
        if hasPeople, peopleCount < stayingCount {
            return missing("sealed values of people are missing whom no entry erased here")
        }
        return nil
    }
}
