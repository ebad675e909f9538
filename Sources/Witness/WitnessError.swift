/// What a witness could not do. Nothing was cosigned then, or at least nothing has left.
///
/// Equality looks at the code only, so that a test may compare with a freshly made error.
package struct WitnessError: Error, Sendable {
    package enum Code: String, Sendable {
        /// The folder cannot be made, opened or locked.
        case folderUnusable = "folder_unusable"
        /// Another request, or another process, holds the log's lock for too long.
        case busy
        /// What lies where a cosigned checkpoint should is none of ours: torn, changed, or made with another key. Who
        /// took it for absent could cosign a fork.
        case foreignFile = "foreign_file"
        /// Something could not be written; the state may have advanced or not.
        case notWritten = "not_written"
        /// The clock stands before 1970.
        case clock
        /// There is no memory for a signature.
        case noSignature = "no_signature"
    }

    package let code: Code
    /// A sentence for the operator, without a capital and a period; it names the file.
    package let reason: String

    init(_ code: Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}

extension WitnessError: Equatable {
    package static func == (left: WitnessError, right: WitnessError) -> Bool { left.code == right.code }
}

extension WitnessError: CustomStringConvertible {
    package var description: String { reason }
}
