import Cryptography
package import Ledger

/// The check as JSON, in the profile of ledger lines: what is absent is absent, and there are no floats.
extension IdentityVerification {
    package var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("author_domain", .string(identity.authorDomain.text)),
            .init("evaluated_at", .string(evaluatedAt.text)),
            .init("spec", .string(VerificationEngine.specification)),
            .init("engine", .string(VerificationEngine.version)),
            .init("assessment", .string(assessment.rawValue)),
            .init("dmarc", .object(dmarcMembers)),
            .init("spf", .object(spfMembers)),
            .init("dkim", .array(dkim.map { .object(Self.members(of: $0, dmarc)) })),
            .init("findings", .array(findings.map(\.json))),
        ]
        let rules = ProviderRule.allCases.map { rule in
            JSONValue.Member(
                rule.rawValue, .string(rule.lack(in: self).map { "not_met:\($0.rawValue)" } ?? "met"))
        }
        members.append(.init("provider_rules", .object(rules)))
        return JSONValue.object(members).inProfile
    }

    private var dmarcMembers: [JSONValue.Member] {
        guard let discovery = dmarc.discovery else { return [] }
        var members: [JSONValue.Member] = [
            .init("discovery", .array(discovery.walk.steps.map(\.json))),
            .init("discovery_disagreement", .bool(dmarc.discoveryDisagrees)),
        ]
        if let organization = discovery.organizationalDomain {
            members.append(.init("org_domain", .string(organization.text)))
        }
        if let list = discovery.list {
            members.append(.init("list_org_domain", .string(list.organizationalDomain.text)))
        }
        if !discovery.anomalies.isEmpty {
            members.append(.init("anomalies", .array(discovery.anomalies.map { .string($0.rawValue) })))
        }
        switch discovery.applicability {
        case .none(let reason), .temporaryError(let reason): members.append(.init("reason", .string(reason.rawValue)))
        case .applies(let policy):
            members += [
                .init("found_at", .string("_dmarc.\(policy.domain)")),
                .init("policy_domain", .string(policy.domain.text)),
                .init("record", .string(policy.record.text)),
                .init("declared_policy", .string(policy.declared.rawValue)),
                .init("effective_policy", .string(policy.applied.rawValue)),
                .init("adkim", .string(policy.record.dkimMode.rawValue)),
                .init("aspf", .string(policy.record.spfMode.rawValue)),
                .init(
                    "rua",
                    .array(
                        reports.map { ["uri": .string($0.uri.text), "authorization": .string($0.verdict.rawValue)] })),
            ]
        }
        return members
    }

    private var spfMembers: [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("mail_from_domain", .string(spf.domain.text)),
            .init("predicted_alignment", .string(spf.alignment.rawValue)),
            .init(
                "results",
                .array(
                    spf.results.map { address, result in
                        [
                            "ip": .string(address.description), "result": .string(result.result.rawValue),
                            "reason": .string(result.reason.text),
                        ]
                    })),
        ]
        if let record = spf.record { members.append(.init("record", .string(record.text))) }
        if let fault = spf.fault { members.append(.init("reason", .string(fault.text))) }
        return members
    }

    private static func members(of state: DKIMState, _ dmarc: DMARCResult) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("d", .string(state.domain.text)), .init("s", .string(state.selector.text)),
            .init("reason", .string((state.fault ?? .ok).rawValue)),
            .init("predicted_alignment", .string(dmarc.conclusion.dkimAlignment.rawValue)),
        ]
        if case .success(let key) = state.key {
            members.append(.init("k", .string(key.type)))
            if let bits = key.bits { members.append(.init("bits", .integer(bits))) }
        }
        return members
    }
}

extension IdentityFinding {
    fileprivate var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("code", .string(code.rawValue)), .init("severity", .string(severity.rawValue)),
            .init("subject", .string(subject)), .init("ref", .string(reference)), .init("text", .string(text)),
        ]
        if let detail { members.append(.init("detail", .string(detail))) }
        return .object(members)
    }
}

extension TreeWalk.Step {
    fileprivate var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(queriedName)), .init("outcome", .string(outcome.rawValue)),
            .init("kept", .bool(isKept)),
        ]
        if let evidence { members.append(.init("evidence", .string(evidence.hex))) }
        return .object(members)
    }
}
