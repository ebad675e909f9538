import Glibc

/// An account of the operating system.
///
/// Postgres refuses to run as root, so the server's account is not always ours.
package struct Account: Sendable, Equatable {
    package let userID: UInt32
    package let groupID: UInt32
    package let name: String

    /// The account that this process runs as.
    package static func current() throws(EmbeddedPostgresError) -> Account {
        let userID = geteuid()
        guard let account = find(userID: userID) else {
            throw EmbeddedPostgresError(
                .accountMissing,
                "user id \(userID) has no name on this machine, and Postgres wants one: "
                    + "add it to /etc/passwd, or run as a user that is there")
        }
        return account
    }

    /// The account that the server of `cluster` runs as: ours, but never root's.
    package static func server(of cluster: Cluster) throws(EmbeddedPostgresError) -> Account {
        let current = try current()
        let owner = FileStatus(of: cluster.dataDirectory)?.owner
        guard current.userID == 0 else {
            guard let owner, owner != current.userID else { return current }
            throw EmbeddedPostgresError(
                .directoryNotOurs,
                "\(cluster.dataDirectory) belongs to \(find(userID: owner)?.name ?? "user \(owner)") and we are "
                    + "\(current.name): run as that user or as root")
        }
        if let owner, owner != 0, let account = find(userID: owner) { return account }
        guard let account = find(name: "postgres") else {
            throw EmbeddedPostgresError(
                .accountMissing,
                "Postgres refuses to run as root, and there is no user `postgres` to run it as: "
                    + "apt-get install postgresql makes one, or run as a user of its own")
        }
        return account
    }

    static func find(name: String) -> Account? {
        unsafe lookUp { entry, buffer, result in
            unsafe getpwnam_r(name, entry, buffer, Self.bufferBytes, result)
        }
    }

    static func find(userID: UInt32) -> Account? {
        unsafe lookUp { entry, buffer, result in
            unsafe getpwuid_r(userID, entry, buffer, Self.bufferBytes, result)
        }
    }

    private static let bufferBytes = 16_384

    private typealias Query = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func lookUp(_ query: Query) -> Account? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: bufferBytes) { buffer in
            guard let start = buffer.baseAddress, unsafe query(&entry, start, &found) == 0, unsafe found != nil else {
                return nil
            }
            return unsafe Account(userID: entry.pw_uid, groupID: entry.pw_gid, name: String(cString: entry.pw_name))
        }
    }
}
