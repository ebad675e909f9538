import Files
import Glibc

/// DIR: found or made, so that the server's account can keep its data and its socket there.
///
/// Where we are root, DIR is root's, its group the server's, mode 1770: the server makes files of its own, and the
/// sticky bit keeps it from touching ours, of which `master.key` is the one that matters. Else DIR is ours alone,
/// mode 0700.
struct DataFolder {
    let cluster: Cluster
    let account: Account

    private static let ownNames = [Cluster.dataName, "master.key", Cluster.lockName]

    /// Makes DIR ready. Refuses, before anything is made, where the account could not reach it.
    func prepare() async throws(EmbeddedPostgresError) {
        let folders = Self.folders(on: cluster.directory)
        let existing = folders.prefix { FileStatus(of: $0) != nil }
        if let file = existing.first(where: { FileStatus(of: $0)?.isFolder == false }) {
            throw EmbeddedPostgresError(.directoryUnusable, "\(file) is a file: choose another data directory")
        }
        try await requirePassage(through: existing.filter { $0 != cluster.directory })
        for folder in folders.dropFirst(existing.count) { try make(folder) }
        if existing.count == folders.count { try await accept() }
    }

    /// "/a", "/a/b" for "/a/b".
    private static func folders(on path: String) -> [String] {
        var folders: [String] = []
        for part in path.split(separator: "/") { folders.append((folders.last ?? "") + "/" + part) }
        return folders
    }

    /// Asks the kernel, as the account itself, about each folder on the way.
    private func requirePassage(through folders: [String]) async throws(EmbeddedPostgresError) {
        guard let blocking = try await first(of: folders, failing: "-x") else { return }
        let status = FileStatus(of: blocking)
        let mode = String(status?.mode ?? 0, radix: 8)
        let owner = status.map { Account.name(of: $0.owner) } ?? "?"
        throw EmbeddedPostgresError(
            .directoryUnreachable,
            "user \(account.name) cannot pass through \(blocking) (mode \(mode), owner \(owner)) on the way to "
                + "\(cluster.directory): choose a data directory such as /var/lib/countersign, "
                + "or open that folder with chmod o+x \(blocking)")
    }

    private func first(of paths: [String], failing test: String) async throws(EmbeddedPostgresError) -> String? {
        guard !paths.isEmpty else { return nil }
        let script = "for path; do test \(test) \"$path\" || { printf %s \"$path\"; exit 1; }; done"
        let outcome = try await Tool(account: account).run("/bin/sh", ["-c", script, "sh"] + paths)
        return outcome.succeeded ? nil : outcome.output
    }

    private func make(_ path: String) throws(EmbeddedPostgresError) {
        do throws(FileFault) {
            let folder = try Folder.make(path, sharing: .callers)
            if path == cluster.directory { try open(folder) } else { try folder.setMode(0o755) }
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }

    /// Takes a DIR that was there before: as it is if it serves, else made to serve if it is empty or known as ours.
    private func accept() async throws(EmbeddedPostgresError) {
        let directory = cluster.directory
        let folder: Folder
        let names: Set<String>
        do throws(FileFault) {
            folder = try Folder.existing(directory, sharing: .callers)
            names = Set(try folder.names()).subtracting(["lost+found"])
        } catch {
            throw EmbeddedPostgresError(error)
        }
        try requireOwner(folder.status)
        let mode = folder.status.mode
        // Whoever can write here could have put in the place of our files what he likes.
        let isOpen = mode & 0o002 != 0 || mode & 0o1020 == 0o020
        guard !isOpen || names.isEmpty else {
            throw EmbeddedPostgresError(
                .directoryNotOurs,
                "\(directory) can be written to by others (mode 0\(String(mode, radix: 8))) and is not empty: choose "
                    + "an empty or a new folder, or, once you know that all in it is yours, run chmod "
                    + "\(geteuid() == 0 ? "1770" : "700") \(directory)")
        }
        var serves = !isOpen
        if serves { serves = try await first(of: [directory], failing: "-x") == nil }
        if serves { serves = try await first(of: [directory], failing: "-w") == nil }
        if serves { return }
        guard names.isEmpty || !names.isDisjoint(with: Self.ownNames) else {
            throw EmbeddedPostgresError(
                .directoryNotOurs,
                "\(directory) holds other files and is closed to \(account.name): choose an empty or a new folder as "
                    + "data directory")
        }
        do throws(FileFault) { try open(folder) } catch { throw EmbeddedPostgresError(error) }
    }

    /// Refuses a DIR of somebody who is neither we, nor root, nor the server's account: its owner can take away
    /// whatever lies in it.
    private func requireOwner(_ status: FileStatus) throws(EmbeddedPostgresError) {
        let us = geteuid()
        guard ![0, us, account.userID].contains(status.owner) else { return }
        throw EmbeddedPostgresError(
            .directoryNotOurs,
            "\(cluster.directory) belongs to \(Account.name(of: status.owner)), and we are \(Account.name(of: us)): "
                + "choose another data directory, or run chown \(Account.name(of: us)) \(cluster.directory) if what is "
                + "in it is yours")
    }

    private func open(_ folder: Folder) throws(FileFault) {
        if geteuid() == 0 {
            try folder.setMode(0o1770, group: account.groupID)
        } else {
            try folder.setMode(0o700)
        }
    }
}
