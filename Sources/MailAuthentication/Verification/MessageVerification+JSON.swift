import Cryptography
package import Ledger

/// The check as JSON, in the profile of ledger lines: what is absent is absent, and there are no floats.
extension MessageVerification {
    package var json: JSONValue {
        let json: JSONValue = [
            "message": .object(messageMembers),
            "as_of": .string(asOf.text),
            "spec": .string(VerificationEngine.specification),
            "engine": .string(VerificationEngine.version),
            "assessment": .string(assessment.rawValue),
            "results": [
                "spf": .array(spf.map(\.json)),
                "dkim": .array(dkim.results.map(\.json)),
                "dkim_omitted": .integer(dkim.omittedCount),
                "dmarc": .object(dmarc.members),
            ],
            "unsubscribe": [
                "list_unsubscribe": .bool(hasUnsubscribe), "one_click": .bool(hasOneClick),
                "covered_by_passing_dkim": .bool(dkim.coversUnsubscription),
            ],
            "claims": .array(claims.claims.map(\.json)),
        ]
        return json.inProfile
    }

    private var messageMembers: [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("raw_sha256", .string(rawDigest.hex)), .init("size", .integer(size)),
            .init("from", .array(author.mailboxes.map { .string($0.address) })),
            .init("author_domains", .array(author.domains.map { .string($0.text) })),
        ]
        if hasRestoredLineEnds { members.append(.init("line_endings", "restored")) }
        if let messageID { members.append(.init("message_id", .string(messageID))) }
        if !author.findings.isEmpty {
            members.append(.init("from_findings", .array(author.findings.map { .string($0.rawValue) })))
        }
        return members
    }
}

extension SPFResult {
    package var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("scope", .string(scope.rawValue)), .init("domain", .string(domain)),
            .init("result", .string(result.rawValue)), .init("reason", .string(reason.text)),
            .init("lookups", .integer(lookupCount)), .init("voids", .integer(voidCount)),
        ]
        if let matchedTerm { members.append(.init("matched_term", .string(matchedTerm))) }
        if let explanation { members.append(.init("explanation", .string(explanation))) }
        return JSONValue.object(members).inProfile
    }
}

extension DKIMResult {
    fileprivate var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("index", .integer(index)), .init("result", .string(value.rawValue)),
            .init("reason", .string(reason.rawValue)),
            .init("signed_headers", .array(signedHeaders.map { .string($0) })),
            .init("unsigned_important", .array(unsignedImportant.map { .string($0) })),
        ]
        let texts = [
            ("d", domain), ("i", identity), ("s", selector), ("a", algorithm), ("c", canonicalization),
            ("body_hash", bodyHash), ("defect", defect?.rawValue),
        ]
        for case (let name, let text?) in texts { members.append(.init(name, .string(text))) }
        let numbers = [
            ("bits", bits), ("l", bodyLength), ("t", timestamp.map(Int.init)), ("x", expiration.map(Int.init)),
        ]
        // What is beyond the profile's integers is no moment and no length.
        for case (let name, let number?) in numbers where abs(number) <= JSONValue.integerMax {
            members.append(.init(name, .integer(number)))
        }
        return .object(members)
    }
}

extension DMARCResult {
    fileprivate var members: [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            .init("result", .string(value.rawValue)), .init("reason", .string(reason.rawValue)),
            .init(
                "alignment",
                [
                    "spf": .string(conclusion.spfAlignment.rawValue),
                    "dkim": .string(conclusion.dkimAlignment.rawValue),
                ]), .init("discovery_disagreement", .bool(discoveryDisagrees)),
        ]
        if let authorDomain { members.append(.init("header_from", .string(authorDomain.text))) }
        if let policy {
            members.append(.init("policy_domain", .string(policy.domain.text)))
            members.append(.init("declared_policy", .string(policy.declared.rawValue)))
            members.append(.init("policy_dmarc", .string(policy.applied.rawValue)))
        }
        if let organization = discovery?.organizationalDomain {
            members.append(.init("org_domain", .string(organization.text)))
        }
        if let list = listConclusion { members.append(.init("list_result", .string(list.value.rawValue))) }
        return members
    }
}

extension AuthenticationResultsClaim {
    fileprivate var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("type", "authentication-results"), .init("position", .integer(position)),
            .init("trusted", .bool(isTrusted)),
        ]
        if let refusal { members.append(.init("refused", .string(refusal.rawValue))) }
        if let content {
            members.append(.init("authserv_id", .string(content.authservID)))
            members.append(
                .init(
                    "results",
                    .array(
                        content.results.map { result in
                            ["method": .string(result.method), "result": .string(result.result)]
                        })))
        }
        return .object(members)
    }
}
