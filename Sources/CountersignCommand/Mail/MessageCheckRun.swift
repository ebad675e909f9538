import Ledger
import MailAuthentication

/// How each mail of a run is checked.
struct MessageVerifying: Sendable {
    let names: any EvidenceSource
    let publicSuffixes: PublicSuffixList?
    let envelope: MessageEnvelope
    let asOf: Timestamp
    private let trust: AuthenticationResultsTrust
    private let keys = DKIMKeyCache()

    init(
        names: any EvidenceSource, publicSuffixes: PublicSuffixList?, envelope: MessageEnvelope, asOf: Timestamp,
        trust: AuthenticationResultsTrust
    ) {
        self.trust = trust
        self.names = names
        self.publicSuffixes = publicSuffixes
        self.envelope = envelope
        self.asOf = asOf
    }

    func verify(_ message: RawMessage) async -> MessageVerification {
        await MessageVerifier(
            resolver: EvaluationResolver(names), publicSuffixes: publicSuffixes, keys: keys, trust: trust
        ).verify(message, envelope, asOf: asOf)
    }
}

/// Checks many mails, some at once, and tells of each in their order.
struct MessageCheckRun: Sendable {
    /// How many are checked before the first of them is told.
    private static let atOnce = 512
    /// How many a task checks, one after the other.
    private static let taskSize = 16

    let verifier: MessageVerifying
    let isJSON: Bool

    /// - Returns: how many are not aligned.
    func run(_ paths: [String]) async throws -> Int {
        let progress = ProgressBar(unit: "mails", isWanted: paths.count > 1)
        defer { progress.clear() }
        var unaligned = 0
        for start in stride(from: 0, to: paths.count, by: Self.atOnce) {
            let part = Array(paths[start..<min(start + Self.atOnce, paths.count)])
            let told = await check(part)
            progress.clear()
            try Output.standard.write(told.flatMap(\.text))
            unaligned += told.count { !$0.isAligned }
            progress.update(done: start + part.count, fraction: Double(start + part.count) / Double(paths.count))
        }
        return unaligned
    }

    private struct Told: Sendable {
        let text: [UInt8]
        let isAligned: Bool
    }

    private func check(_ paths: [String]) async -> [Told] {
        await withTaskGroup(of: (start: Int, told: [Told]).self) { tasks in
            for start in stride(from: 0, to: paths.count, by: Self.taskSize) {
                tasks.addTask {
                    var told: [Told] = []
                    for path in paths[start...].prefix(Self.taskSize) { told.append(await check(path)) }
                    return (start, told)
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }.sorted { $0.start < $1.start }.flatMap(\.told)
        }
    }

    private func check(_ path: String) async -> Told {
        do throws(Complaint) {
            let verification = await verifier.verify(try MailFiles.message(in: path))
            return Told(text: text(path, verification), isAligned: verification.assessment == .aligned)
        } catch {
            let line =
                isJSON
                ? CanonicalWriter.bytes(of: ["error": .string(error.reason), "file": .string(path)])
                : Array("\(path): cannot be read: \(error.reason)".utf8)
            return Told(text: line + [0x0A], isAligned: false)
        }
    }

    private func text(_ path: String, _ verification: MessageVerification) -> [UInt8] {
        guard !isJSON else {
            return CanonicalWriter.bytes(of: ["file": .string(path), "result": verification.json]) + [0x0A]
        }
        var lines = ["\(path): \(verification.assessment.rawValue)"]
        if verification.hasRestoredLineEnds {
            lines.append("  each line ended in a bare LF and was given back its CRLF before it was checked")
        }
        let dmarc = verification.dmarc
        lines.append("  dmarc \(dmarc.value.rawValue) (\(dmarc.reason.rawValue))")
        for spf in verification.spf {
            lines.append("  spf \(spf.result.rawValue) (\(spf.reason.text)) for \(spf.scope.rawValue)")
        }
        for dkim in verification.dkim.results {
            let signer = [dkim.domain, dkim.selector].compactMap { $0 }.joined(separator: ", selector ")
            lines.append("  dkim \(dkim.value.rawValue) (\(dkim.reason.rawValue)) by \(signer.printable)")
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}
