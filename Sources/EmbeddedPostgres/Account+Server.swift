package import Files
import Glibc

/// Postgres refuses to run as root, so the server's account is not always ours.
extension Account {
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
        // The folder alone is soon given to somebody; what it says is in it was made by the server's account.
        if let owner, let maker = FileStatus(of: "\(cluster.dataDirectory)/PG_VERSION")?.owner, maker != owner {
            throw EmbeddedPostgresError(
                .fileUnusable,
                "\(cluster.dataDirectory) belongs to \(name(of: owner)), and what is in it to \(name(of: maker)); run "
                    + "`chown \(name(of: maker)) \(cluster.dataDirectory)`")
        }
        guard current.userID == 0 else {
            guard let owner, owner != current.userID else { return current }
            throw EmbeddedPostgresError(
                .directoryNotOurs,
                "\(cluster.dataDirectory) belongs to \(name(of: owner)) and we are \(current.name): run as that user "
                    + "or as root")
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
}
