import Checkpoints
import Cryptography
import EmbeddedPostgres
import LedgerStore
import Postgres

/// Where the ledgers are, and where their master secret, their signing keys and their guards are.
struct DatabaseLocation: Sendable {
    /// Where the database is.
    enum Database: Sendable {
        case directory(DataDirectory)
        case external(ConnectionTarget, masterKey: String?)
    }

    private static let openTimeout = Duration.seconds(15)

    let database: Database
    /// Nil where neither folders nor a master secret, beside which they would be, are named.
    let signing: SigningFolders?

    init(_ database: Database, signing: SigningFolders?) {
        self.database = database
        self.signing = signing
    }

    /// The data directory, if the database is in one.
    var directory: DataDirectory? {
        if case .directory(let directory) = database { directory } else { nil }
    }

    /// The folders for what makes or signs.
    func requireSigning() throws(Complaint) -> SigningFolders {
        if let signing { return signing }
        throw Complaint(
            "no folder for signing keys is named", next: "add --master-key FILE, or --key-dir DIR and --guard-dir DIR",
            status: .usage)
    }

    /// The file of the master secret, if one is named.
    var masterKeyPath: String? {
        switch database {
        case .directory(let directory): directory.masterKeyPath
        case .external(_, let path): path
        }
    }

    /// The master secret, or why there is none.
    func masterSecret() -> Result<SecretKey, MasterSecret.Fault> {
        guard let path = masterKeyPath else {
            return .failure(MasterSecret.Fault("no master secret is named; add --master-key FILE"))
        }
        do {
            return .success(try MasterSecret.read(from: path))
        } catch {
            return .failure(error as? MasterSecret.Fault ?? MasterSecret.Fault("\(error)"))
        }
    }

    /// The way in for all work on ledgers: as `countersign_app`, which may not change an entry.
    var appTarget: ConnectionTarget { target(role: "countersign_app") }

    /// The way in for migrations, as a user who may become `countersign_owner`.
    var ownerTarget: ConnectionTarget {
        switch database {
        case .directory(let directory): directory.target(user: "countersign_owner")
        case .external(let target, _): target
        }
    }

    /// The way in for what makes roles.
    var administratorTarget: ConnectionTarget {
        switch database {
        case .directory(let directory): directory.target(user: "postgres")
        case .external(let target, _): target
        }
    }

    private func target(role: String) -> ConnectionTarget {
        switch database {
        case .directory(let directory): return directory.target(user: role)
        case .external(var target, _):
            // Whoever the URL names, the work is done with the rights of the role.
            target.set("role", to: role)
            return target
        }
    }

    /// Runs `body` while the database is there: a private Postgres that does not run is started for it, and stopped
    /// after it.
    func whileRunning<Value: Sendable>(
        mayCreate: Bool = false, _ body: () async throws -> Value
    ) async throws -> Value {
        guard case .directory(let directory) = database else { return try await body() }
        if !mayCreate { try directory.requireCluster() }
        return try await EmbeddedPostgres.withCluster(directory.cluster, use: .command) { _ in try await body() }
    }

    /// Lends a connection as `countersign_owner` to `body`.
    func withOwner<Value: Sendable>(_ body: (Connection) async throws -> Value) async throws -> Value {
        try await Connection.with(ownerTarget, deadline: .now + Self.openTimeout, body)
    }
}
