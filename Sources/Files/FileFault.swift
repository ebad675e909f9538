import Glibc

/// Why a file or a folder cannot be used: a sentence with its path, what is wrong with it, and the next step.
package struct FileFault: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A symbolic link where the file itself should be.
        case link
        /// A folder, pipe, socket or device where a file should be, or a file where a folder should be.
        case kind
        /// It belongs to somebody else.
        case owner
        /// Others may read or write it.
        case mode
        /// It has a second name (hard link), by which somebody else reaches it.
        case names
        /// A lock file that was taken away or replaced while it was in use.
        case removed
        /// Somebody else holds the lock.
        case busy
        /// It has more bytes than it may have.
        case tooLong = "too_long"
        /// Something is there already.
        case present
        /// The system refused, for a reason of its own.
        case system
    }

    package let code: Code
    package let path: String
    /// What is wrong, in a few words that do not name the file.
    package let reason: String
    private let sentence: String

    /// `PATH IS WRONG; NEXT`.
    package var description: String { sentence }

    init(_ code: Code, _ path: String, _ reason: String, next: String) {
        self.code = code
        self.path = path
        self.reason = reason
        sentence = "\(path) \(reason); \(next)"
    }

    /// The system's word on a call that failed.
    ///
    /// - Parameter number: `errno`, read before anything else was done.
    init(_ number: Int32, _ path: String, _ deed: String) {
        code = .system
        self.path = path
        reason = systemMessage(number)
        sentence = "\(path) \(deed): \(reason); \(Self.next(number))"
    }

    private static func next(_ number: Int32) -> String {
        switch number {
        case EACCES, EPERM: "run as the user who owns it"
        case ENOSPC, EDQUOT: "make room on its disk"
        case EROFS: "name a place that can be written to"
        default: "check the path, and the disk that it lies on"
        }
    }
}
