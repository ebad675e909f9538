import Glibc
package import Postgres
import Synchronization

/// A private Postgres for the tests of one process: made on first use in a temporary folder, reached over a Unix
/// socket in it, and gone with the process however that ends.
///
/// `fsync` is off: it survives a killed backend, not a killed machine.
package final class TestCluster: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private static let started = Result { () throws(Failure) in try TestCluster() }

    /// The cluster of this process.
    package static var shared: TestCluster {
        get throws(Failure) { try started.get() }
    }

    /// The folder that holds the socket, the data and `postgres.log`.
    package let folder: String
    private let names = Atomic<Int>(0)

    private init() throws(Failure) {
        folder = try Self.makeFolder()
        try Self.watch(folder)
        guard try Shell.run(Self.startScript, argument: folder) == 0 else {
            throw Failure(description: "no test cluster: see \(folder)/start.log")
        }
    }

    /// A new database and where to find it: empty, or a copy of `template`, to which nobody may be connected then.
    /// The user is the superuser `postgres`.
    package func makeDatabase(copying template: ConnectionTarget? = nil) async throws -> ConnectionTarget {
        let name = "test_\(names.add(1, ordering: .relaxed).newValue)"
        let deadline = ContinuousClock.now + .seconds(60)
        let connection = try await Connection.open(target(database: "postgres"), deadline: deadline)
        let original = template?.database ?? "template1"
        try await connection.query(
            "CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: original)", deadline: deadline)
        await connection.close()
        return target(database: name)
    }

    /// The way to a database of this cluster.
    package func target(database: String) -> ConnectionTarget {
        var target = ConnectionTarget(host: folder, database: database, user: "postgres")
        target.applicationName = "tests"
        return target
    }

    // MARK: Life

    /// How much memory must be free to keep the data there: a database takes about 8 MB.
    private static let freeMemoryBytesMin: UInt = 4 << 30

    /// In memory where there is room: a new database then takes a tenth of the time. A short path either way, because
    /// a socket's may not have more than 107 bytes.
    private static func makeFolder() throws(Failure) -> String {
        var memory = statvfs()
        let isRoomy =
            unsafe statvfs("/dev/shm", &memory) == 0 && memory.f_bavail * memory.f_frsize >= freeMemoryBytesMin
        var template = Array("\(isRoomy ? "/dev/shm" : "/tmp")/pgtest-XXXXXX".utf8CString)
        let path = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) }.map { unsafe String(cString: $0) }
        }
        guard let path else { throw Failure(description: "mkdtemp failed: errno \(errno)") }
        return path
    }

    /// Starts a shell that waits for the end of a pipe whose other end only this process has, so that it notices any
    /// death of this process, and then stops the cluster and removes the folder.
    private static func watch(_ folder: String) throws(Failure) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw Failure(description: "pipe failed: errno \(errno)")
        }
        defer { close(ends[0]) }
        // ends[1] stays open until this process ends, on purpose.
        _ = try Shell.spawn(stopScript, argument: folder, input: ends[0])
    }

    /// Postgres refuses to run as root, so root runs it as the user `postgres`.
    private static let preamble = """
        exec >"$1/$0.log" 2>&1
        as=
        if [ "$(id -u)" = 0 ]; then as='runuser -u postgres --'; fi
        bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
        [ -n "$bin" ] || bin=$(pg_config --bindir)
        """

    private static let startScript = """
        \(preamble)
        set -e
        cd "$1"
        if [ -n "$as" ]; then chown postgres "$1"; fi
        $as "$bin/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale=C --no-sync
        cat >>"$1/data/postgresql.conf" <<END
        listen_addresses = ''
        unix_socket_directories = '$1'
        max_connections = 1000
        shared_buffers = 64MB
        fsync = off
        full_page_writes = off
        timezone = 'UTC'
        log_timezone = 'UTC'
        END
        $as "$bin/pg_ctl" -D "$1/data" -l "$1/postgres.log" -w -t 60 start
        """

    private static let stopScript = """
        while read -r _; do :; done
        \(preamble)
        cd /
        $as "$bin/pg_ctl" -D "$1/data" -m immediate -w stop
        rm -rf "$1"
        """
}
