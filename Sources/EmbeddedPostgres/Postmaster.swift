import Files
import Glibc

/// A running server process, told apart from a later process that got the same number.
struct Postmaster: Sendable, Equatable {
    let processID: pid_t
    private let startTicks: String

    /// The server that runs on `dataDirectory`, by its `postmaster.pid`.
    static func running(on dataDirectory: String) -> Postmaster? {
        guard let file = PostmasterFile(in: dataDirectory), let process = ServerProcess(file.processID),
            process.isServer(of: dataDirectory)
        else { return nil }
        return Postmaster(processID: file.processID, startTicks: process.startTicks)
    }

    /// Whether it still runs.
    ///
    /// A process of ours that ended is taken off the process table first: where we are process 1 of a container,
    /// orphans come to us, and to the next server an uncollected one would look alive.
    var isAlive: Bool {
        _ = waitpid(processID, nil, WNOHANG)
        return ServerProcess(processID)?.startTicks == startTicks
    }

    /// The processes that a killed server left behind on `dataDirectory`.
    static func leftovers(on dataDirectory: String) -> [pid_t] {
        let names = (try? InputFolder.names(in: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { ServerProcess($0)?.worksIn(dataDirectory) == true }
    }

    /// Removes the `postmaster.pid` of a server that is gone.
    ///
    /// The server does so itself, except where the number in it was given to another process of the same account since,
    /// as happens in containers. Its check of the shared memory still keeps two servers apart.
    static func removeStaleFile(of cluster: Cluster, _ account: Account) throws(EmbeddedPostgresError) {
        let dataDirectory = cluster.dataDirectory
        guard PostmasterFile(in: dataDirectory) != nil, running(on: dataDirectory) == nil,
            leftovers(on: dataDirectory).isEmpty
        else { return }
        let (data, folder) = (try cluster.dataFolder(account), try cluster.folder(account))
        do throws(FileFault) {
            try data.remove(PostmasterFile.name)
            try folder.remove(cluster.socketName + ".lock")
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }
}

/// What `postmaster.pid` says.
struct PostmasterFile {
    let processID: pid_t
    /// `starting`, `stopping`, `ready` or `standby`; empty at the very start.
    let status: String

    init?(in dataDirectory: String) {
        guard let text = ForeignText.read(Self.path(in: dataDirectory)) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let processID = pid_t(first), processID > 1 else { return nil }
        self.processID = processID
        // Line 8: src/include/utils/pidfile.h, LOCK_FILE_LINE_PM_STATUS.
        status = lines.count >= 8 ? String(lines[7].prefix { $0 != " " }) : ""
    }

    static let name = "postmaster.pid"

    static func path(in dataDirectory: String) -> String { "\(dataDirectory)/\(name)" }
}

/// One line of the process table, if that process is a Postgres server's.
private struct ServerProcess {
    let startTicks: String
    private let processID: pid_t

    init?(_ processID: pid_t) {
        // "4711 (postgres) S 1 ...": proc(5). The name is field 2, the state field 3, the start time field 22.
        guard let text = ForeignText.read("/proc/\(processID)/stat"), let open = text.firstIndex(of: "("),
            let close = text.lastIndex(of: ")"), text[open..<close] == "(postgres"
        else { return nil }
        let fields = text[close...].split(separator: " ")
        guard fields.count > 20, fields[1] != "Z", fields[1] != "X" else { return nil }
        self.processID = processID
        startTicks = String(fields[20])
    }

    /// Whether it works in `dataDirectory`, as every process of that server does.
    func worksIn(_ dataDirectory: String) -> Bool {
        guard let here = FileStatus(of: "/proc/\(processID)/cwd"), let there = FileStatus(of: dataDirectory) else {
            return false
        }
        return here.isSame(as: there)
    }

    /// Like `worksIn`, but where the folder is hidden from us (root without CAP_SYS_PTRACE), its account decides.
    func isServer(of dataDirectory: String) -> Bool {
        if FileStatus(of: "/proc/\(processID)/cwd") != nil { return worksIn(dataDirectory) }
        return FileStatus(of: "/proc/\(processID)")?.owner == FileStatus(of: dataDirectory)?.owner
    }
}
