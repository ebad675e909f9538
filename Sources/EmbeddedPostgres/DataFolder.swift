import FoundationEssentials
import Glibc

/// DIR: found or made, so that the server's account can keep its data and its socket there.
///
/// Where we are root, DIR is root's, its group the server's, mode 1770: the server makes files of its own, and the
/// sticky bit keeps it from touching ours, of which `master.key` is the one that matters. Else DIR is ours alone,
/// mode 0700.
struct DataFolder {
    let cluster: Cluster
    let account: Account

    private static let ownNames = ["postgres", "master.key", "lock"]

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
        let owner = status.map { Account.find(userID: $0.owner)?.name ?? "\($0.owner)" } ?? "?"
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

    private func make(_ folder: String) throws(EmbeddedPostgresError) {
        guard unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw EmbeddedPostgresError(.directoryUnusable, "\(folder) cannot be made: \(systemMessage())")
        }
        if folder == cluster.directory {
            try open(to: account)
        } else {
            unsafe chmod(folder, 0o755)
        }
    }

    /// Takes a DIR that was there before: as it is if it serves, else made to serve if it is empty or known as ours.
    private func accept() async throws(EmbeddedPostgresError) {
        let directory = cluster.directory
        let mode = FileStatus(of: directory)?.mode ?? 0
        let names = Set((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
        let isOurs = names.subtracting(["lost+found"]).isEmpty || !names.isDisjoint(with: Self.ownNames)
        let isOpenToAll = mode & 0o002 != 0
        var serves = !isOpenToAll
        if serves { serves = try await first(of: [directory], failing: "-x") == nil }
        if serves { serves = try await first(of: [directory], failing: "-w") == nil }
        if serves { return }
        guard isOurs else {
            throw EmbeddedPostgresError(
                .directoryNotOurs,
                "\(directory) holds other files and is \(isOpenToAll ? "open to all" : "closed to \(account.name)"): "
                    + "choose an empty or a new folder as data directory")
        }
        try open(to: account)
    }

    private func open(to account: Account) throws(EmbeddedPostgresError) {
        let directory = cluster.directory
        let isRoot = geteuid() == 0
        let changed =
            isRoot
            ? unsafe chown(directory, uid_t.max, account.groupID) == 0 && chmod(directory, 0o1770) == 0
            : unsafe chmod(directory, 0o700) == 0
        guard changed else {
            throw EmbeddedPostgresError(
                .directoryUnusable,
                "\(directory) cannot be opened to \(account.name): \(systemMessage()); choose a folder of your own")
        }
    }
}
