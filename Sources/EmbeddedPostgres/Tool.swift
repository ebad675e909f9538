import Files
import Subprocess
import SystemPackage

/// Programs of Postgres and of the system, each run to its end under the server's account.
struct Tool {
    struct Outcome: Sendable {
        let succeeded: Bool
        /// Standard output and standard error as they came.
        let output: String
    }

    private static let outputBytesMax = 1 << 20

    /// All that programs get: nothing is inherited, neither PG* variables and files of a home directory, which would
    /// lead them elsewhere, nor LD_*, LC_* and TZ, which would change what they do, nor secrets of ours.
    private static let environment: [Environment.Key: String] = [
        "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "LANG": "C", "TZ": "UTC", "HOME": "/nonexistent",
        "PGCONNECT_TIMEOUT": "10", "PGPASSFILE": "/dev/null/none", "PGSERVICEFILE": "/dev/null/none",
        "PGSYSCONFDIR": "/nonexistent",
    ]

    let account: Account

    /// Runs the program at `path`.
    ///
    /// A cancelled caller still waits for it: a child cut off in the middle of initdb or of a start would leave half
    /// of its work. Every program we run ends by itself.
    func run(_ path: String, _ arguments: [String]) async throws(EmbeddedPostgresError) -> Outcome {
        let account = account
        let outcome = await Task { await Self.runUnshielded(path, arguments, account) }.value
        return try outcome.get()
    }

    private static func runUnshielded(
        _ path: String, _ arguments: [String], _ account: Account
    ) async -> Result<Outcome, EmbeddedPostgresError> {
        do {
            let command = try changingAccount([path] + arguments, to: account)
            let result = try await Subprocess.run(
                .path(FilePath(command[0])),
                arguments: Arguments(Array(command.dropFirst())),
                environment: .custom(environment),
                // The caller's own may be closed to the account.
                workingDirectory: "/",
                output: .string(limit: outputBytesMax),
                error: .combinedWithOutput)
            return .success(
                Outcome(succeeded: result.terminationStatus.isSuccess, output: result.standardOutput))
        } catch {
            return .failure(EmbeddedPostgresError(.toolFailed, "\(path) could not be run: \(error)"))
        }
    }

    /// `command`, put behind setpriv (Debian's util-linux, always there) where we are not `account` already.
    ///
    /// PlatformOptions.userID would do the same, but swift-subprocess 1.0.2 makes its child by a bare clone3 and then
    /// calls glibc's setuid in it, which waits for ever for the threads that the child does not have.
    private static func changingAccount(_ command: [String], to account: Account) throws -> [String] {
        guard account.userID != (try Account.current().userID) else { return command }
        let change = ["--reuid=\(account.userID)", "--regid=\(account.groupID)", "--clear-groups", "--"]
        return ["/usr/bin/setpriv"] + change + command
    }
}
