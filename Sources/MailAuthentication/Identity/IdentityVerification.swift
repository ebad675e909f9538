package import Cryptography
package import Ledger

/// What the name system says about a sender's identity at one moment.
package struct IdentityVerification: Sendable {
    /// SPF for the return path's domain.
    package struct SPFState: Sendable {
        package let domain: DomainName
        /// The record, if there is exactly one and it can be read.
        package let record: SPFRecord?
        /// Why there is no usable record; nil if there is.
        package let fault: SPFReason?
        /// The check for each sending address.
        package let results: [(address: IPAddress, result: SPFResult)]
        /// How a pass would be aligned.
        package let alignment: DMARCAlignment
        let evidence: Digest

        /// Whether mail from the sending addresses would pass; without addresses, whether some host could.
        package var isReady: Bool {
            guard let record else { return false }
            return results.isEmpty ? record.letsSomebodySend : results.allSatisfy { $0.result.result == .pass }
        }

        /// Whether a question was not answered.
        package var isOpen: Bool {
            if case .dns = fault { return true }
            return results.contains { $0.result.result == .temperror }
        }

        /// Whether the record, or what it leads to, is broken.
        package var isBroken: Bool {
            switch fault {
            case .noRecord, .dns: false
            case .some: true
            case nil: results.contains { $0.result.result == .permerror }
            }
        }
    }

    /// The key at one selector.
    package struct DKIMState: Sendable {
        package let selector: DomainName
        package let domain: DomainName
        /// The key, or why there is none that counts.
        package let key: Result<DKIMKey, DKIMReason>
        let evidence: Digest

        /// The name that was asked.
        package var name: String { "\(selector)._domainkey.\(domain)" }
        package var isReady: Bool { if case .success = key { true } else { false } }
        /// Why the key does not count; nil if it does.
        package var fault: DKIMReason? { if case .failure(let reason) = key { reason } else { nil } }

        /// Whether the question for the key was not answered.
        package var isOpen: Bool {
            switch key {
            case .success: false
            case .failure(let reason): reason.value == .temperror
            }
        }
    }

    package let identity: SenderIdentity
    package let evaluatedAt: Timestamp
    /// DMARC as if mail of this identity passed SPF and DKIM as planned: discovery, policy, and how each would align.
    package let dmarc: DMARCResult
    /// Whether the addresses of the record may have its reports.
    package let reports: [ReportAuthorization]
    package let spf: SPFState
    package let dkim: [DKIMState]
    package let assessment: IdentityAssessment
    package let findings: [IdentityFinding]
    /// The evidence of all look-ups, each once.
    package let evidence: [Digest]

    /// Whether mail that is sent as planned would pass SPF aligned.
    package var hasAlignedSPF: Bool { spf.isReady && spf.alignment != .none }
    /// Whether mail that is sent as planned would pass DKIM aligned.
    package var hasAlignedDKIM: Bool { dkim.contains(where: \.isReady) && dmarc.conclusion.dkimAlignment != .none }
}
