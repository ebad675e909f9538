import Files
import FoundationEssentials

/// Where installed Postgres releases are looked for.
struct PostgresSearch {
    /// Debian's place: one folder per release.
    var root = "/usr/lib/postgresql"
    /// Folders of programs, for what was installed elsewhere.
    var path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { String($0) }

    func find(major: Int?) async throws(EmbeddedPostgresError) -> PostgresBinaries {
        let looked = try await candidates()
        let found = try await releases(in: looked)
        if let major {
            if let match = found.first(where: { $0.major == major }) { return match }
            if !found.isEmpty { throw mismatch(major, found) }
        } else if let newest = found.max(by: { $0.major < $1.major }), newest.major >= PostgresBinaries.oldestMajor {
            return newest
        }
        throw missing(found, looked)
    }

    /// The folders to look into, newest release first.
    private func candidates() async throws(EmbeddedPostgresError) -> [String] {
        let names = (try? InputFolder.names(in: root)) ?? []
        var folders = names.compactMap { Int($0) }.sorted(by: >).map { "\(root)/\($0)/bin" }
        if let config = path.map({ $0 + "/pg_config" }).first(where: InputFolder.isProgram) {
            let answer = try await Tool(account: .current()).run(config, ["--bindir"])
            if answer.succeeded { folders += answer.output.split(separator: "\n").prefix(1).map { String($0) } }
        }
        var seen: Set<String> = []
        return (folders + path).filter { seen.insert($0).inserted }
    }

    /// What is complete in `folders`, with the release that the server itself names.
    private func releases(in folders: [String]) async throws(EmbeddedPostgresError) -> [PostgresBinaries] {
        var found: [PostgresBinaries] = []
        for folder in folders {
            guard PostgresBinaries.required.allSatisfy({ InputFolder.isProgram(folder + "/" + $0) }) else { continue }
            // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
            let banner = try await Tool(account: .current()).run(folder + "/postgres", ["--version"])
            let words = banner.output.split { $0 == " " || $0 == "\n" }
            guard banner.succeeded, words.count >= 3, let major = Int(words[2].prefix { $0.isASCII && $0.isNumber })
            else {
                continue
            }
            found.append(PostgresBinaries(directory: folder, major: major))
        }
        return found
    }

    private func mismatch(_ major: Int, _ found: [PostgresBinaries]) -> EmbeddedPostgresError {
        let present = found.map { "\($0.major) in \($0.directory)" }.joined(separator: ", ")
        return EmbeddedPostgresError(
            .versionMismatch,
            "the data were made by Postgres \(major), and installed is only \(present): apt-get install "
                + "postgresql-\(major), or move the data to the newer release with pg_upgrade")
    }

    private func missing(_ found: [PostgresBinaries], _ looked: [String]) -> EmbeddedPostgresError {
        let tooOld = found.map { "\($0.directory) is release \($0.major)" }
        let places = (["\(root)/*/bin"] + looked).joined(separator: ", ")
        let programs = PostgresBinaries.required.joined(separator: ", ")
        return EmbeddedPostgresError(
            .binariesMissing,
            "no Postgres \(PostgresBinaries.oldestMajor) or later (\(programs)) in \(places)"
                + tooOld.map { "; " + $0 }.joined() + ": apt-get install postgresql")
    }
}
