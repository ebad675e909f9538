import Identities
import Ledger
import LedgerStore
import MailAuthentication

/// A check of an identity, made by a command.
struct IdentityChecking: Sendable {
    private let names: any EvidenceSource
    private let publicSuffixes: PublicSuffixList?

    init(_ options: NameOptions) throws {
        names = try options.resolver()
        publicSuffixes = try options.suffixes()
    }

    /// Checks `name` and records what comes out.
    func check(
        _ name: IdentityName, _ settings: IdentitySettings, in ledger: StoredLedger, _ store: LedgerStore
    ) async throws -> IdentityAnswer {
        let verifications = Verifications(store, names: names, publicSuffixes: publicSuffixes, clock: Clock.now)
        let checks = IdentityChecks(
            store, verifications: verifications, schedule: CheckSchedule(), observer: QuietObserver())
        let (checked, placed, changes) = try await checks.check(
            name, settings, in: ledger, reporter: OpenStore.reporter, timeout: OpenStore.appendTimeout)
        return IdentityAnswer(name: name, verification: checked.result, placed: placed, changes: changes)
    }
}

/// What a check of an identity tells, for people and for machines.
struct IdentityAnswer {
    let name: IdentityName
    let verification: IdentityVerification
    let placed: Placed
    let changes: [ResultChange]

    var assessment: String { verification.assessment.rawValue }

    func write(_ output: OutputOptions) throws {
        guard !output.isJSON else {
            let json: JSONValue = [
                "identity": .string(name.text), "seq": .integer(placed.seq), "result": verification.json,
            ]
            return try Output.standard.writeLine(String(decoding: CanonicalWriter.bytes(of: json), as: UTF8.self))
        }
        try Output.standard.writeLine("\(name.text) is \(assessment), entry \(placed.seq)")
        for finding in verification.findings {
            try Output.standard.writeLine("  \(finding.severity.rawValue): \(finding.text) (\(finding.reference))")
        }
        for rule in ProviderRule.allCases {
            let lack = rule.lack(in: verification)
            try Output.standard.writeLine("  \(rule.rawValue): \(lack.map { "not met, \($0.rawValue)" } ?? "met")")
        }
        for change in changes { try Output.standard.writeLine("  changed: \(Self.text(change))") }
    }

    /// One change as a line: `dmarc.record: "v=DMARC1; p=none" -> "v=DMARC1; p=reject"`.
    static func text(_ change: ResultChange) -> String {
        func shown(_ value: JSONValue?) -> String {
            value.map { String(decoding: CanonicalWriter.bytes(of: $0), as: UTF8.self) } ?? "nothing"
        }
        return "\(change.path): \(shown(change.before)) -> \(shown(change.after))"
    }

    /// One check of a history.
    static func json(_ check: IdentityCheck, _ changes: [ResultChange]) -> JSONValue {
        [
            "seq": .integer(check.seq), "recorded_at": .string(check.recordedAt.text),
            "assessment": .string(check.assessment),
            "changes": .array(
                changes.map { change in
                    var members = [JSONValue.Member("path", .string(change.path))]
                    if let before = change.before { members.append(.init("before", before)) }
                    if let after = change.after { members.append(.init("after", after)) }
                    return .object(members)
                }),
        ]
    }
}
