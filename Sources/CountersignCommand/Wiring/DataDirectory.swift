import EmbeddedPostgres
import Files
import Postgres

/// A directory with a private Postgres and the master key beside it.
struct DataDirectory: Sendable {
    let cluster: Cluster
    let masterKeyPath: String

    init(_ cluster: Cluster, masterKey: String?) {
        self.cluster = cluster
        masterKeyPath = masterKey ?? cluster.directory + "/master.key"
    }

    /// Whether Postgres has been set up here.
    var hasCluster: Bool { Self.exists(cluster.dataDirectory) }

    static func exists(_ path: String) -> Bool { InputFolder.exists(path) }

    /// The way to the database over the socket.
    func target(user: String) -> ConnectionTarget {
        ConnectionTarget(
            host: cluster.socketDirectory, port: Cluster.port, database: Cluster.databaseName, user: user)
    }

    /// Refuses a directory in which nothing was ever made: a command that reads would otherwise make a cluster there.
    func requireCluster() throws(Complaint) {
        guard !hasCluster else { return }
        throw Complaint(
            "there is no ledger in \(cluster.directory)",
            next: "check the path; `countersign serve --data-dir \(cluster.directory)` makes a ledger there")
    }
}
