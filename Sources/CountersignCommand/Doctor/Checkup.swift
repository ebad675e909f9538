import EmbeddedPostgres
import Glibc
import Ledger
import LedgerStore
import Postgres

/// All checks of one database, in the order in which one leans on the other.
struct Checkup: Sendable {
    private static let timeout = Duration.seconds(30)

    private let location: DatabaseLocation
    private let journal: ErasureJournal?
    private let isAfterRestore: Bool

    /// - Parameters:
    ///   - journal: where erasures are named; nil for nowhere.
    ///   - isAfterRestore: whether ledgers are held to their guards line by line, and halted ones that hold may go on.
    init(_ location: DatabaseLocation, _ journal: ErasureJournal?, isAfterRestore: Bool) {
        self.location = location
        self.journal = journal
        self.isAfterRestore = isAfterRestore
    }

    /// Every check that can be made; when the database is out of reach, those that need it are left out.
    func run() async -> [CheckResult] {
        var results: [CheckResult] = []
        if let directory = location.directory {
            results.append(await binaries())
            results.append(disk(directory.cluster.directory))
            guard directory.hasCluster else {
                results.append(
                    .fail(
                        "data directory", "there is no cluster in \(directory.cluster.directory)",
                        next: "check the path, or make one with `countersign serve`"))
                return results
            }
        }
        do {
            results += try await location.whileRunning { await inDatabase() }
        } catch {
            results.append(Self.unreachable(error))
        }
        return results
    }

    private func binaries() async -> CheckResult {
        do {
            let found = try await PostgresBinaries.find()
            return .ok("postgres programs", "release \(found.major) in \(found.directory)")
        } catch {
            return .fail("postgres programs", error.reason, next: "install Postgres 15 or later")
        }
    }

    private func disk(_ path: String) -> CheckResult {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else {
            return .warn("disk", "the free space of \(path) cannot be read", next: "check the path")
        }
        let free = Double(status.f_bavail) * Double(status.f_frsize)
        let share = free / max(Double(status.f_blocks) * Double(status.f_frsize), 1)
        let detail = "\(Self.gigabytes(free)) GB free, \(Int(share * 100)) % of the file system"
        // A checkpoint keeps up to 4 GB of write-ahead log.
        if free < 2e9 { return .fail("disk", detail, next: "make room now: a full disk stops every append") }
        if free < 10e9 || share < 0.1 { return .warn("disk", detail, next: "make room soon") }
        return .ok("disk", detail)
    }

    private static func gigabytes(_ bytes: Double) -> Double { (bytes / 1e8).rounded() / 10 }

    private static func unreachable(_ error: any Error) -> CheckResult {
        let complaint = Complaint(error)
        return .fail(
            "database", complaint.reason,
            next: complaint.next ?? "see that Postgres runs, and read its log (postgres.log in the data directory)")
    }

    private func inDatabase() async -> [CheckResult] {
        let deadline = ContinuousClock.now + Self.timeout
        do {
            return try await Connection.with(location.appTarget, deadline: deadline) { try await look($0, deadline) }
        } catch {
            return [Self.unreachable(error)]
        }
    }

    private func look(
        _ connection: Connection, _ deadline: ContinuousClock.Instant
    ) async throws -> [CheckResult] {
        let schema = try await SchemaCheck.check(connection, deadline)
        guard schema.status != .fail else { return [.ok("database", "reachable"), schema] }
        let facts = try await DatabaseFacts.read(connection, deadline: deadline)
        let mebibytes = Progress.grouped(facts.sizeBytes >> 20)
        var results: [CheckResult] = [.ok("database", "reachable as \(facts.user), \(mebibytes) MiB"), schema]
        results += FactChecks(facts, now: Clock.now()).results
        results += try await CatalogueCheck.results(connection, deadline)
        results += try await MasterSecretCheck(location).results()
        results += try await OpenStore.with(location, journal) { open in
            try await signing(open) + [try await JournalCheck(open.store).result()]
        }
        return results
    }

    private func signing(_ open: OpenStore) async throws -> [CheckResult] {
        if isAfterRestore { return try await AfterRestore(open).results() }
        guard let folders = location.signing else {
            return [.warn("signing", "no folder of keys is named", next: "add --master-key FILE or --key-dir DIR")]
        }
        return try await SigningCheck(open, folders).results()
    }
}
