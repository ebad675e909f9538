import Files

extension InputFile {
    /// The bytes of the file at `path`, or of standard input for `-`.
    ///
    /// Throws a complaint that does not name the file: in the system's words; or, beyond `sizeMax` bytes, with that
    /// limit, which is one of `what` ("a mail").
    ///
    /// - Parameter isFound: whether it lies in a folder that was named, rather than being named itself.
    static func content(
        of path: String, sizeMax: Int, what: String, isFound: Bool = false
    ) throws(Complaint) -> [UInt8] {
        do throws(FileFault) {
            return try (isFound ? open(within: path) : open(path)).content(sizeMax: sizeMax)
        } catch {
            guard error.code == .tooLong else { throw Complaint(error.reason) }
            throw Complaint("it is longer than \(sizeMax) bytes, the most that \(what) may have")
        }
    }
}
