import Files

/// Why the private cluster could not be found, made, started or stopped.
///
/// `reason` is written for the operator: what is wrong, then what to do next. Two errors are equal when their codes
/// are.
package struct EmbeddedPostgresError: Error, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case accountMissing = "account_missing"
        case binariesMissing = "binaries_missing"
        case busy
        case cancelled
        case directoryNotOurs = "directory_not_ours"
        case directoryUnreachable = "directory_unreachable"
        case directoryUnusable = "directory_unusable"
        /// A file or folder of ours is a link, a stranger's, open to others, or cannot be read or written.
        case fileUnusable = "file_unusable"
        case initdbFailed = "initdb_failed"
        case socketPathTooLong = "socket_path_too_long"
        case startFailed = "start_failed"
        case stopFailed = "stop_failed"
        case toolFailed = "tool_failed"
        case versionMismatch = "version_mismatch"
    }

    package let code: Code
    package let reason: String

    package init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    init(_ fault: FileFault) { self.init(.fileUnusable, fault.description) }

    package var description: String { reason }

    package static func == (one: Self, other: Self) -> Bool { one.code == other.code }
}
