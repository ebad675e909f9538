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
        Migration(2, "rights", PackageResources._002_rights_sql),
        Migration(3, "daily rollups", PackageResources._003_daily_rollups_sql),
        Migration(4, "read ledgers", PackageResources._004_read_ledgers_sql),
        Migration(5, "identities", PackageResources._005_identities_sql),
        Migration(6, "dmarc reports", PackageResources._006_dmarc_reports_sql),
        Migration(7, "report rights", PackageResources._007_report_rights_sql),
        Migration(8, "checkpoints", PackageResources._008_checkpoints_sql),
        Migration(9, "erasures", PackageResources._009_erasures_sql),
        Migration(10, "retention", PackageResources._010_retention_sql),
    ]

    /// The script that makes the roles; a superuser runs it once.
    package static let roles = String(decoding: PackageResources.roles_sql, as: UTF8.self)
}
