import Cryptography
package import Postgres

/// How the schema of a database stands to this binary's.
package enum SchemaState: Sendable, Equatable {
    case current
    /// There is none, or nobody may look into it.
    case missing
    /// Some of this binary's steps were not applied yet.
    case behind(version: Int)
    /// All of them were, and others.
    case newer
    /// Another build made it, from other files under the same numbers. What is released never changes, so that build
    /// was not.
    case foreign(step: Int, name: String)

    /// A step as a database has it.
    package typealias Step = (version: Int, name: String, checksum: [UInt8])

    /// - Parameter applied: the steps that were applied, oldest first.
    package init(_ applied: [Step]) {
        for (step, own) in zip(applied, Migration.all)
        where step.version != own.version || step.name != own.name || step.checksum != own.checksum.bytes {
            self = .foreign(step: step.version, name: step.name)
            return
        }
        guard let last = applied.last else {
            self = .missing
            return
        }
        if applied.count < Migration.all.count {
            self = .behind(version: last.version)
        } else {
            self = applied.count > Migration.all.count ? .newer : .current
        }
    }

    /// Asks the database, and changes nothing.
    package init(_ connection: Connection, deadline: ContinuousClock.Instant) async throws {
        do {
            self.init(try await Migrator.status(connection, deadline: deadline))
        } catch let error as PostgresError where Self.noSchema.contains(error.sqlState) {
            self = .missing
        }
    }

    /// invalid_schema_name, undefined_table, and no right to look into the schema.
    private static let noSchema: Set<String?> = ["3F000", "42P01", "42501"]

    /// The number of this binary's last step.
    package static var ownVersion: Int { Migration.all.last?.version ?? 0 }

    /// What is wrong and, behind a semicolon, the next step; nil where nothing is.
    package var fault: String? {
        switch self {
        case .current: nil
        case .missing: "the schema of Countersign is missing; run `countersign migrate`"
        case .behind(let version):
            "the schema is at version \(version), and this binary's is \(Self.ownVersion); run `countersign migrate`"
        case .newer: "the schema is newer than this binary; use the binary that made the schema"
        case .foreign(let step, let name): Self.foreignSchema(step: step, name: name)
        }
    }

    static func foreignSchema(step: Int, name: String) -> String {
        "the schema of this database was made by an older, unreleased build of Countersign: its migration \(step), "
            + "\"\(name)\", is not this binary's; read and export it with the build that made it, and begin a new "
            + "database with this one"
    }
}
