import Glibc

/// A file that appears under its name once it is whole.
final class OutputFile: Sendable {
    let output: Output
    private let path: String
    private var unfinished: String { path + ".part" }

    init(path: String) throws(Complaint) {
        self.path = path
        let descriptor = unsafe open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Complaint(
                "\(path).part cannot be made: \(unsafe String(cString: strerror(errno)))",
                next: "name a file in a folder that you may write to", status: .usage)
        }
        output = Output(descriptor: descriptor)
    }

    deinit { close(output.descriptor) }

    /// Puts the whole file in its place.
    func finish() throws(Complaint) {
        guard fsync(output.descriptor) == 0, unsafe rename(unfinished, path) == 0 else {
            throw Complaint("\(path) cannot be put in place: \(unsafe String(cString: strerror(errno)))")
        }
    }
}
