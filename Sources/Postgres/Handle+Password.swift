import CLibPQ

extension Handle {
    /// See ``Connection/verifier(of:for:)``. It asks the server nothing.
    func verifier(of password: String, for role: String) throws(PostgresError) -> String {
        guard let text = unsafe PQencryptPasswordConn(connection, password, role, "scram-sha-256") else {
            throw PostgresError(.usage, "the password cannot be used")
        }
        defer { unsafe PQfreemem(text) }
        return unsafe String(cString: text)
    }
}
