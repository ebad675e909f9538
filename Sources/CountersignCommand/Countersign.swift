import ArgumentParser
import Glibc
import Postgres

/// The command `countersign`: reads the flags, runs one command, and ends with its exit status.
@main
struct Countersign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "countersign",
        abstract: "An audit ledger for email: who sent what, under whose name, who approved it, unchanged since.",
        discussion: """
            Start a ledger with a Postgres of its own, and keep the token that it prints:

                countersign serve --data-dir /var/lib/countersign

            Nearly every other command takes the same --data-dir and works beside the running service; verify-receipt, \
            verify-export and verify-tiles need nothing but files. The variables COUNTERSIGN_DATA_DIR, \
            COUNTERSIGN_DATABASE_URL, COUNTERSIGN_MASTER_KEY, COUNTERSIGN_KEY_DIR and COUNTERSIGN_GUARD_DIR stand in \
            for the flags.

            Exit status: 0 well, 1 an answer that is not good (a broken ledger, a bad line, a failed check), \
            2 wrong usage, 3 could not run.
            """,
        version: Version.text,
        subcommands: [
            Serve.self, Token.self, ReaderCommand.self, LedgerCommand.self, IdentityCommand.self, MessageCommand.self,
            DMARCReportCommand.self, Import.self, Export.self, Erase.self, Hold.self, RetentionCommand.self,
            CheckpointCommand.self, ReceiptCommand.self, Verify.self, VerifyReceipt.self, VerifyExport.self,
            VerifyTiles.self, VerifyTimestamp.self, WitnessCommand.self, BackupCommand.self, RestoreCommand.self,
            Migrate.self, Doctor.self,
        ])

    static var _errorPrefix: String { "error: " }

    static func main() async {
        // A reader that goes away, such as `head`, is an error of write(2), not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // Before there is a second thread: what would lead connections elsewhere leaves the environment.
        _ = ConnectionEnvironment.ofProcess
        var command: any ParsableCommand
        do {
            command = try parseAsRoot(Arguments.given)
        } catch {
            leave(afterParsing: error)
        }
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            leave(after: error, of: type(of: command))
        }
    }

    /// Help and versions go to standard output; what was wrong with the flags to standard error.
    private static func leave(afterParsing error: any Error) -> Never {
        let text = fullMessage(for: error)
        guard exitCode(for: error) != .success else {
            try? Output.standard.write(text + "\n")
            Glibc.exit(ExitStatus.well.rawValue)
        }
        Complaint(usage: text).tell()
        Glibc.exit(ExitStatus.usage.rawValue)
    }

    private static func leave(after error: any Error, of command: any ParsableCommand.Type) -> Never {
        switch error {
        case let exit as ExitCode: Glibc.exit(exit.rawValue)
        // `help` is a command of the parser's own, and speaks by an error.
        case _ where [.success, .validationFailure].contains(exitCode(for: error)): leave(afterParsing: error)
        case Output.Failure.readerIsGone: Glibc.exit(ExitStatus.well.rawValue)
        default:
            let complaint = Complaint(error)
            complaint.tell()
            Glibc.exit(complaint.status.rawValue)
        }
    }
}

/// What `--version` prints.
enum Version {
    static let text = "countersign 0.1.0"
}
