package import Postgres

/// The database roles that read ledgers by SQL: members of `countersign_reader`, each with the ledgers that the views
/// in the schema `read` show it.
package struct Readers: Sendable {
    private static let timeout = Duration.seconds(30)
    /// How many sessions a role may have at once.
    private static let connectionsMax = 20
    /// The role whose members they are. It may be given ledgers as well.
    package static let group = "countersign_reader"

    private let connection: Connection

    /// - Parameter connection: as a role that may make roles and become `countersign_owner`.
    package init(_ connection: Connection) { self.connection = connection }

    /// A role, and the names of its ledgers.
    package struct Reader: Sendable {
        package let role: String
        package var ledgers: [String]
        /// Whether there is such a role in the cluster: roles are in no backup.
        package let exists: Bool
    }

    /// Why a role is not made or taken away, with the next step.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// Lets `role` read `ledgers`, beside those that it reads already.
    ///
    /// - Parameters:
    ///   - password: the role's; nil leaves that of a role which is there as it is.
    ///   - first: the password of a role that is made where none is given.
    /// - Returns: whether the role is new.
    package func create(
        _ role: String, ledgers: [StoredLedger], password: String?, first: String
    ) async throws -> Bool {
        try Self.require(role)
        let standing = try await standing(of: role)
        guard standing != .foreign else {
            throw Fault(
                description: "there is a role \(role) that is no reader; choose another name, or let a superuser "
                    + "GRANT \(Self.group) TO \(role)")
        }
        try await inTransaction {
            if standing == .absent {
                try await run(
                    "CREATE ROLE \(identifier: role) LOGIN CONNECTION LIMIT \(unescaped: "\(Self.connectionsMax)")")
                try await run("GRANT \(identifier: Self.group) TO \(identifier: role)")
            }
            if let password = password ?? (standing == .absent ? first : nil) {
                let verifier = try await connection.verifier(of: password, for: role)
                try await run("ALTER ROLE \(identifier: role) PASSWORD \(literal: verifier)")
            }
            try await run("SET LOCAL ROLE countersign_owner")
            // Somebody else may have had the name before.
            if standing == .absent { try await run("DELETE FROM countersign.readers WHERE role_name = \(role)::name") }
            for ledger in ledgers {
                try await run(
                    """
                    INSERT INTO countersign.readers (ledger_id, role_name) VALUES (\(ledger.id), \(role)::name)
                    ON CONFLICT DO NOTHING
                    """)
            }
        }
        return standing == .absent
    }

    /// All readers, in the order of their names.
    package func list() async throws -> [Reader] {
        let rows = try await connection.query(
            """
            SELECT r.role_name::text, l.origin,
                EXISTS (SELECT FROM pg_roles WHERE rolname = r.role_name)
            FROM countersign.readers r JOIN countersign.ledgers l ON l.ledger_id = r.ledger_id
            ORDER BY r.role_name, l.origin
            """, deadline: .now + Self.timeout)
        var readers: [Reader] = []
        for row in rows {
            let role = try row.text(0)
            if readers.last?.role != role {
                readers.append(Reader(role: role, ledgers: [], exists: try row.bool(2)))
            }
            readers[readers.count - 1].ledgers.append(try row.text(1))
        }
        return readers
    }

    /// Takes the role away with all that it could read; of `countersign_reader` itself only what it could read.
    package func drop(_ role: String) async throws {
        try Self.require(role)
        let standing = try await standing(of: role)
        let isListed = try await list().contains { $0.role == role }
        guard standing == .reader || isListed else {
            throw Fault(description: "there is no reader \(role); `countersign reader list` shows them")
        }
        try await inTransaction {
            if standing == .reader, role != Self.group { try await run("DROP ROLE \(identifier: role)") }
            try await run("SET LOCAL ROLE countersign_owner")
            try await run("DELETE FROM countersign.readers WHERE role_name = \(role)::name")
        }
    }

    private enum Standing: Sendable {
        case absent, reader, foreign
    }

    private func standing(of role: String) async throws -> Standing {
        let row = try await connection.query(
            """
            SELECT NOT rolsuper AND pg_has_role(oid, \(Self.group)::name, 'MEMBER') FROM pg_roles
            WHERE rolname = \(role)::name
            """, deadline: .now + Self.timeout
        ).first
        guard let row else { return .absent }
        return try row.bool(0) ? .reader : .foreign
    }

    private static func require(_ role: String) throws {
        let isAllowed = role.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
        guard isAllowed, (1...63).contains(role.utf8.count), role.utf8.first.map({ $0 > UInt8(ascii: "9") }) == true,
            !role.hasPrefix("pg_"), role == group || !role.hasPrefix("countersign_")
        else {
            throw Fault(
                description: "a reader's name has 1 to 63 lower-case letters, digits and '_', and no digit first; it "
                    + "begins neither with pg_ nor with countersign_")
        }
    }

    private func run(_ statement: Statement) async throws {
        _ = try await connection.query(statement, deadline: .now + Self.timeout)
    }

    private func inTransaction(_ body: () async throws -> Void) async throws {
        try await run("BEGIN")
        do {
            try await body()
            try await run("COMMIT")
        } catch {
            try? await connection.rollback(deadline: .now + Self.timeout)
            throw error
        }
    }
}
