package import Cryptography
package import Ledger

/// What a verification found. A broken ledger is a result, not an error.
package struct VerificationReport: Sendable {
    /// The most findings that are kept; the others are only counted.
    package static let findingsMax = 100

    package let origin: Origin
    /// The size and root of the newest head when the verification began.
    package internal(set) var size = 0
    package internal(set) var root: Digest?
    /// The first findings, in the order in which they were made.
    package private(set) var findings: [Finding] = []
    package private(set) var findingsTotal = 0
    /// How many entries have a finding.
    package var brokenCount: Int { brokenSeqs.count }
    /// The lowest `seq` with a finding.
    package var firstBroken: Int? { brokenSeqs.min() }
    /// What was left out, with the reason.
    package private(set) var skipped: [String] = []
    package internal(set) var seconds = 0.0
    private var brokenSeqs: Set<Int> = []

    /// Whether nothing was found.
    package var isIntact: Bool { findingsTotal == 0 }

    init(origin: Origin) {
        self.origin = origin
    }

    /// Adds what was found, by this module or of tables that another one knows.
    package mutating func add(_ finding: Finding) {
        findingsTotal += 1
        if findings.count < Self.findingsMax { findings.append(finding) }
        if let seq = finding.seq { brokenSeqs.insert(seq) }
    }

    mutating func skip(_ reason: String) { skipped.append(reason) }
}
