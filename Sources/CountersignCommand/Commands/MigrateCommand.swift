import ArgumentParser
import LedgerStore

/// `countersign migrate`
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database's schema up to this binary's version.",
        discussion: """
            `countersign serve --data-dir` does this by itself. For a Postgres of your own a superuser makes the \
            roles first:
                countersign migrate --print-roles | psql postgresql://postgres@host/countersign
                countersign migrate --database-url postgresql://owner@host/countersign

            The user must be able to become countersign_owner (GRANT countersign_owner TO <user>). Migrations only go \
            forward; running this again changes nothing. A database that a build made before the first release is \
            refused: read and export it with that build.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Print the script that makes the roles, and do nothing else.")
    var printRoles = false

    private struct Answer: Encodable {
        struct Step: Encodable {
            let version: Int
            let name: String
        }
        let applied: [Step]
        let version: Int
    }

    func run() async throws {
        if printRoles { return try Output.standard.write(Migration.roles) }
        let location = try database.location()
        try await Interruption.cancelling {
            try await location.whileRunning(mayCreate: true) {
                let applied = try await Preparation(location, observer: QuietObserver()).migrate()
                try tell(applied)
            }
        }
    }

    private func tell(_ applied: [Migration]) throws {
        let version = Migration.all.last?.version ?? 0
        if output.isJSON {
            return try JSONOutput.print(
                Answer(applied: applied.map { .init(version: $0.version, name: $0.name) }, version: version))
        }
        for step in applied { try Output.standard.writeLine("applied \(step.version) \(step.name)") }
        if applied.isEmpty {
            try Output.standard.writeLine("nothing to do: the schema is at version \(version)")
        }
    }
}
