/// Where evidence of look-ups comes from: the live name system, or what was stored of it.
package protocol EvidenceSource: Sendable {
    /// The evidence of one look-up; it comes within the source's own deadline, whatever the name system does.
    func evidence(of question: Question) async -> DNSEvidence
}
