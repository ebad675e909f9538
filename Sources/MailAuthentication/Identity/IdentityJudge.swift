/// What the parts of a check come to.
struct IdentityJudge {
    let identity: SenderIdentity
    let dmarc: DMARCResult
    let reports: [ReportAuthorization]
    let spf: IdentityVerification.SPFState
    let dkim: [IdentityVerification.DKIMState]

    private var hasAlignedSPF: Bool { spf.isReady && spf.alignment != .none }
    private var hasAlignedDKIM: Bool { dkim.contains(where: \.isReady) && dmarc.conclusion.dkimAlignment != .none }

    var assessment: IdentityAssessment {
        guard let discovery = dmarc.discovery else { return .indeterminate }
        switch discovery.applicability {
        case .temporaryError: return .indeterminate
        case .none(let reason): return reason == .noRecord && !hasDiscardedRecord ? .unprotected : .misconfigured
        case .applies(let policy):
            let isBroken = spf.isBroken || dkim.contains { !$0.isReady && !$0.isOpen }
            guard !isBroken else { return .misconfigured }
            // What was not answered might be broken, or the mechanism that is ready: silence makes nothing better.
            let isOpen = spf.isOpen || dkim.contains(where: \.isOpen) || dmarc.value == .temperror
            guard !isOpen else { return .indeterminate }
            guard policy.applied != .none, !policy.record.isTesting else { return .monitoring }
            return hasAlignedSPF || hasAlignedDKIM ? .protected : .misconfigured
        }
    }

    /// Whether there is a record that does not count: one of several, or one that is invalid as a whole.
    private var hasDiscardedRecord: Bool {
        dmarc.discovery?.anomalies.contains { $0 == .multipleRecords || $0 == .duplicateTag } ?? false
    }

    var findings: [IdentityFinding] {
        dmarcFindings + reportFindings + spfFindings + dkimFindings + alignmentFindings
    }

    private var reportFindings: [IdentityFinding] {
        reports.compactMap { report in
            switch report.verdict {
            case .internal, .authorized, .temperror: nil
            case .unauthorized, .overrideElsewhere, .noHost:
                IdentityFinding(.reportsUnauthorized, report.uri.text, detail: report.verdict.rawValue)
            }
        }
    }

    private var dmarcFindings: [IdentityFinding] {
        let domain = identity.authorDomain.text
        guard let discovery = dmarc.discovery else { return [] }
        var findings: [IdentityFinding] = []
        switch discovery.applicability {
        case .temporaryError(let reason):
            findings.append(IdentityFinding(.dmarcUnanswered, domain, detail: reason.rawValue))
        case .none(let reason) where reason == .noRecord:
            if !hasDiscardedRecord { findings.append(IdentityFinding(.dmarcNoRecord, domain)) }
        case .none: findings.append(IdentityFinding(.dmarcNotApplicable, domain))
        case .applies(let policy):
            if policy.declared == .none { findings.append(IdentityFinding(.dmarcNone, policy.domain.text)) }
            if policy.record.isTesting { findings.append(IdentityFinding(.dmarcTesting, policy.domain.text)) }
        }
        for step in discovery.walk.steps where !step.duplicateTags.isEmpty {
            let tags = step.duplicateTags.joined(separator: ", ")
            findings.append(IdentityFinding(.dmarcDuplicateTag, step.domain.text, detail: tags))
        }
        for anomaly in discovery.anomalies where anomaly != .duplicateTag {
            findings.append(
                anomaly == .multipleRecords
                    ? IdentityFinding(.dmarcMultipleRecords, domain)
                    : IdentityFinding(.dmarcAnomaly, domain, detail: anomaly.rawValue))
        }
        if dmarc.discoveryDisagrees { findings.append(IdentityFinding(.discoveryDisagreement, domain)) }
        return findings
    }

    private var spfFindings: [IdentityFinding] {
        let domain = spf.domain.text
        switch spf.fault {
        case .noRecord?: return [IdentityFinding(.spfNoRecord, domain)]
        case .dns(let failure)?: return [IdentityFinding(.spfUnanswered, domain, detail: failure.rawValue)]
        case let reason?: return [IdentityFinding(.spfBroken, domain, detail: reason.text)]
        case nil: break
        }
        return spf.results.compactMap { address, result in
            switch result.result {
            case .pass: nil
            case .permerror: IdentityFinding(.spfBroken, domain, detail: result.reason.text)
            case .temperror: IdentityFinding(.spfUnanswered, domain, detail: result.reason.text)
            case .none, .neutral, .softfail, .fail:
                IdentityFinding(.spfAddress, address.description, detail: result.result.rawValue)
            }
        }
    }

    private var dkimFindings: [IdentityFinding] {
        guard !identity.selectors.isEmpty else {
            return [IdentityFinding(.dkimNoSelector, identity.signingDomain.text)]
        }
        return dkim.compactMap { state in
            switch state.key {
            case .success(let key): key.isTesting ? IdentityFinding(.dkimTesting, state.name) : nil
            case .failure(.weakKey): IdentityFinding(.dkimWeakKey, state.name)
            case .failure(let reason):
                IdentityFinding(
                    reason.value == .temperror ? .dkimUnanswered : .dkimNoKey, state.name, detail: reason.rawValue)
            }
        }
    }

    /// How mail would align, where a policy makes that matter.
    private var alignmentFindings: [IdentityFinding] {
        guard let policy = dmarc.policy, dmarc.value != .temperror else { return [] }
        var findings: [IdentityFinding] = []
        if spf.isReady, spf.alignment == .none { findings.append(IdentityFinding(.spfNotAligned, spf.domain.text)) }
        if dkim.contains(where: \.isReady), dmarc.conclusion.dkimAlignment == .none {
            findings.append(IdentityFinding(.dkimNotAligned, identity.signingDomain.text))
        }
        if policy.applied != .none, assessment == .misconfigured, !hasAlignedSPF, !hasAlignedDKIM {
            findings.append(IdentityFinding(.nothingAligned, identity.authorDomain.text))
        }
        return findings
    }
}
