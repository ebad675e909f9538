import Checkpoints
import EmbeddedPostgres
import Files
import Ledger
import LedgerStore
import Postgres
import Witness

/// What a person is told when a command cannot do its work: one sentence without a capital and a period, and what to do
/// next. It holds no secret and no personal data.
struct Complaint: Error {
    let reason: String
    let next: String?
    let status: ExitStatus

    init(_ reason: String, next: String? = nil, status: ExitStatus = .couldNotRun) {
        self.reason = reason
        self.next = next
        self.status = status
    }

    /// Writes both to standard error.
    func tell() {
        try? Output.error.write("error: \(reason)\n" + (next.map { "next: \($0)\n" } ?? ""))
    }
}

extension Complaint {
    /// What the argument parser says: its message, and where its help is.
    init(usage text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: true).map { String($0) }
        let help = lines.firstIndex { $0.hasPrefix("  See '") }.map { lines.remove(at: $0) }
        let message = lines.first.map { $0.hasPrefix("error: ") ? String($0.dropFirst(7)) : $0 } ?? "wrong usage"
        // The usage line repeats what the help says better.
        let rest = lines.dropFirst().prefix { !$0.hasPrefix("Usage:") }.map { "\n    " + $0 }.joined()
        // The parser says that a value is invalid, and cannot say why.
        let rule = message.contains("<duration>'") ? ": \(TimeSpan.rule)" : ""
        let command = help?.split(separator: "'").dropFirst().first ?? "countersign --help"
        self.init(Self.uncapitalized(message) + rule + rest, next: "read `\(command)`", status: .usage)
    }

    /// What `error` means to the person at the keyboard.
    init(_ error: any Error) {
        switch error {
        case let complaint as Complaint: self = complaint
        case let error as StoreError: self.init(error)
        case let refusal as Refusal: self.init("\(refusal)", status: .usage)
        case let fault as FileFault: self.init(splitting: fault.description)
        case let fault as MasterSecret.Fault: self.init(splitting: fault.description)
        case let fault as KeyFolder.Fault: self.init(splitting: fault.description)
        case let fault as GuardFolder.Fault: self.init(splitting: fault.description)
        case let fault as SigningFolders.Fault: self.init(splitting: fault.description)
        case let fault as TimestampAuthority.Fault: self.init(fault.description, next: "try again later")
        case let fault as SigningFault: self.init(splitting: fault.description)
        case let fault as ErasureJournal.Fault: self.init(splitting: fault.description)
        case let fault as Migrator.Fault: self.init(splitting: fault.description)
        case let fault as BackupFault: self.init(splitting: fault.description)
        case let error as EmbeddedPostgresError where error.code == .fileUnusable: self.init(splitting: error.reason)
        case let fault as Readers.Fault: self.init(splitting: fault.description)
        case let error as EmbeddedPostgresError: self.init(error.reason, next: "`countersign doctor` looks closer")
        case let error as PostgresError: self.init(error)
        case let error as WitnessError: self.init(error)
        case is CancellationError: self = .interrupted
        default: self.init("\(error)")
        }
    }

    /// Ctrl-C or SIGTERM.
    static let interrupted = Complaint("interrupted", status: .interrupted)

    private init(_ error: StoreError) {
        switch error.code {
        case .keyRefused, .clockRefused, .notFound: self.init(splitting: error.reason)
        case .unavailable where error.reason.utf8.contains(UInt8(ascii: "`")): self.init(splitting: error.reason)
        case .unavailable, .inProgress:
            self.init(error.reason, next: "look with `countersign doctor`, then repeat the command; repeating is safe")
        case .halted: self.init(splitting: error.reason)
        case .notSigned: self.init(error.reason, next: "sign with `countersign checkpoint sign`")
        case .internal: self.init(error.reason, next: "look into the log of Postgres")
        case .idempotencyMismatch, .idempotencyErased, .tokenRefused, .tokenBound, .invalidCursor, .busy:
            self.init(error.reason)
        }
    }

    private init(_ error: PostgresError) {
        let words = error.message.split { $0.isWhitespace }
        let message = words.joined(separator: " ")
        // The role that the sentence names, such as "countersign_app".
        let role = words.first { $0.hasPrefix("\"countersign_") }.map { $0.filter { $0 != "\"" } }
        let next: String?
        switch (role, error.code) {
        case (let role?, _) where message.hasSuffix("does not exist"):
            next = "let a superuser make \(role): `countersign migrate --print-roles` prints the script"
        case (let role?, _) where message.hasPrefix("permission denied to set role"):
            next = "connect as a user who may become that role: GRANT \(role) TO <user>"
        case (_, .usage): next = "write it as postgresql://user@host:5432/countersign"
        case (_, .connectionFailed), (_, .connectionLost), (_, .timedOut):
            next = "see that Postgres runs there, and that the address and the database's name are right"
        default: next = "read the log of Postgres"
        }
        self.init("the database: \(message)", next: next, status: error.code == .usage ? .usage : .couldNotRun)
    }

    private init(_ error: WitnessError) {
        let next: String? =
            switch error.code {
            case .foreignFile:
                "restore that file as it was last; without it the witness is gone: make another, with a key and a "
                    + "directory of its own"
            case .folderUnusable, .notWritten: "name a directory with --dir that you, and nobody else, may write to"
            case .busy, .clock, .noSignature: nil
            }
        self.init(error.reason, next: next)
    }

    init(_ fault: FileFault, status: ExitStatus) {
        let split = Complaint(fault)
        self.init(split.reason, next: split.next, status: status)
    }

    /// What is wrong with a file; `role` says what it is for, with its article.
    init(_ fault: FileFault, of role: String) { self.init(splitting: "\(role) \(fault)") }

    /// For sentences of the form "what is wrong; what to do".
    init(splitting sentence: String) {
        let parts = sentence.split(separator: ";", maxSplits: 1).map { $0.drop { $0 == " " } }
        self.init(String(parts.first ?? ""), next: parts.count > 1 ? String(parts[1]) : nil)
    }

    private static func uncapitalized(_ sentence: String) -> String {
        guard let first = sentence.first, sentence.dropFirst().first?.isLowercase == true else { return sentence }
        return first.lowercased() + sentence.dropFirst()
    }
}
