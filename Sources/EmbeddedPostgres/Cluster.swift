import Files
import Glibc

/// One private cluster: where its parts lie. Making the value touches nothing.
///
///     DIR/postgres           PGDATA
///     DIR/.s.PGSQL.5432      the socket; no TCP port is ever opened
///     DIR/postgres.log       what the server says (and `postgres.log.1`, the one before)
///     DIR/lock, DIR/users    who may start and stop it, and who uses it; see `EmbeddedPostgres`
package struct Cluster: Sendable {
    /// The database that Countersign keeps its tables in.
    package static let databaseName = "countersign"
    /// The port is only the last part of the socket's name.
    package static let port = 5432
    /// `sun_path` holds 108 bytes, the last of which is the zero.
    static let socketPathBytesMax = 107

    /// The data directory, absolute.
    package let directory: String
    /// Settings of the server beside or instead of ours, by name; for tests and measurements.
    package let settings: [String: String]

    /// The cluster in `directory` (made absolute), unless Postgres could not live there.
    package init(directory: String, settings: [String: String] = [:]) throws(EmbeddedPostgresError) {
        self.directory = try Self.absolute(directory)
        self.settings = settings
        // pg_ctl hands the path to a shell between double quotes, and to libpq a comma parts two hosts.
        let forbidden = self.directory.unicodeScalars.first {
            $0.value < 0x20 || "\"$`\\,".unicodeScalars.contains($0)
        }
        guard forbidden == nil else {
            throw EmbeddedPostgresError(
                .directoryUnusable,
                "the data directory's path holds a control character or one of \" $ ` \\ , and cannot be used: "
                    + "choose another directory")
        }
        let length = socketPath.utf8.count
        guard length <= Self.socketPathBytesMax else {
            throw EmbeddedPostgresError(
                .socketPathTooLong,
                "the socket path \(socketPath) is \(length) bytes long, and Unix sockets allow "
                    + "\(Self.socketPathBytesMax): choose a data directory with a shorter path")
        }
        guard settings.keys.allSatisfy({ $0.utf8.allSatisfy(Self.isSettingNameByte) && !$0.isEmpty }) else {
            throw EmbeddedPostgresError(.directoryUnusable, "a setting's name may hold a-z, 0-9, _ and . only")
        }
    }

    /// PGDATA.
    package var dataDirectory: String { "\(directory)/\(Self.dataName)" }
    static let dataName = "postgres"
    /// The directory that holds the socket: the `host` of a connection string.
    package var socketDirectory: String { directory }
    var socketName: String { ".s.PGSQL.\(Self.port)" }
    package var socketPath: String { "\(directory)/\(socketName)" }
    static let logName = "postgres.log"
    package var logPath: String { "\(directory)/\(Self.logName)" }
    /// The name of what is held while somebody starts or stops the server.
    static let lockName = "lock"
    /// The name of what is held, shared, by everybody who uses the server.
    static let usersName = "users"
    var lockPath: String { "\(directory)/\(Self.lockName)" }
    var usersPath: String { "\(directory)/\(Self.usersName)" }

    /// The data directory, checked; it may belong to `account`, which the server runs as.
    func folder(_ account: Account) throws(EmbeddedPostgresError) -> Folder {
        do throws(FileFault) {
            return try Folder.existing(directory, sharing: .sticky, trusting: account)
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }

    /// PGDATA, checked: it belongs to `account`.
    func dataFolder(_ account: Account) throws(EmbeddedPostgresError) -> Folder {
        try Self.folder(dataDirectory, of: account)
    }

    /// A folder of the server's account.
    static func folder(_ path: String, of account: Account) throws(EmbeddedPostgresError) -> Folder {
        let folder: Folder
        do throws(FileFault) {
            folder = try Folder.existing(path, sharing: .none, trusting: account)
        } catch {
            throw EmbeddedPostgresError(error)
        }
        guard folder.status.owner == account.userID else {
            throw EmbeddedPostgresError(.directoryNotOurs, "\(path) does not belong to \(account.name)")
        }
        return folder
    }

    private static func absolute(_ path: String) throws(EmbeddedPostgresError) -> String {
        var path = path
        if !path.utf8.starts(with: "/".utf8) {
            guard let working = unsafe getcwd(nil, 0) else {
                throw EmbeddedPostgresError(.directoryUnusable, "the working directory is gone: give an absolute path")
            }
            defer { unsafe free(working) }
            path = unsafe String(cString: working) + "/" + path
        }
        // Empty and "." parts only; ".." stays, as it may lead through a symbolic link.
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !parts.isEmpty else {
            throw EmbeddedPostgresError(.directoryUnusable, "the data directory cannot be /: name one of its own")
        }
        return parts.map { "/" + $0 }.joined()
    }

    private static func isSettingNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
