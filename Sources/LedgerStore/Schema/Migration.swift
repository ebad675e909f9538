package import Cryptography

/// One step of the schema, embedded in the binary. Steps go forward only.
package struct Migration: Sendable {
    package let version: Int
    package let name: String
    let sql: String
    /// SHA-256 of the file.
    package let checksum: Digest

    private init(_ version: Int, _ name: String, _ bytes: [UInt8]) {
        self.version = version
        self.name = name
        sql = String(decoding: bytes, as: UTF8.self)
        checksum = SHA256.digest(bytes)
    }

    /// All steps in order.
    package static let all = [
        Migration(1, "ledger", PackageResources._001_ledger_sql),
        Migration(2, "tokens", PackageResources._002_tokens_sql),
        Migration(3, "rollups", PackageResources._003_rollups_sql),
        Migration(4, "checkpoints", PackageResources._004_checkpoints_sql),
        Migration(5, "erasures", PackageResources._005_erasures_sql),
        Migration(6, "identities", PackageResources._006_identities_sql),
        Migration(7, "dmarc reports", PackageResources._007_dmarc_reports_sql),
        Migration(8, "rights", PackageResources._008_rights_sql),
        Migration(9, "read", PackageResources._009_read_sql),
    ]

    /// The script that makes the roles; a superuser runs it once.
    package static let roles = String(decoding: PackageResources.roles_sql, as: UTF8.self)
}
