extension Connection {
    /// What the server is to store for `role` in place of `password` (SCRAM-SHA-256, RFC 7677), so that the password
    /// itself is never sent, and stands in no log of statements.
    package func verifier(of password: String, for role: String) throws(PostgresError) -> String {
        guard isUsable else { throw PostgresError(.connectionLost, "the connection is closed") }
        guard !password.utf8.contains(0), !role.utf8.contains(0) else {
            throw PostgresError(.usage, "a password or a role's name holds U+0000")
        }
        return try handle.verifier(of: password, for: role)
    }
}
