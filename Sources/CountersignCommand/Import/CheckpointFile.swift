import Files
import Ledger

/// Small files that are given to a command: checkpoints, receipts, keys, policies.
enum CheckpointFile {
    private static let sizeMax = 1 << 20

    /// The whole content of `path`, or of standard input for `-`.
    ///
    /// - Parameter isFound: whether it lies in a folder that was named, rather than being named itself.
    static func bytes(_ path: String, isFound: Bool = false) throws(Complaint) -> [UInt8] {
        do throws(Complaint) {
            return try InputFile.content(of: path, sizeMax: sizeMax, what: "such a file", isFound: isFound)
        } catch {
            throw Complaint("\(path): \(error.reason)", next: "check the path", status: .usage)
        }
    }

    /// The signed note in `path`, and what it says. Nobody has judged its signatures yet.
    static func read(_ path: String) throws(Complaint) -> (note: SignedNote, checkpoint: Checkpoint) {
        let bytes = try bytes(path)
        do throws(NoteFault) {
            let note = try SignedNote(bytes)
            return (note, try Checkpoint(note.text))
        } catch {
            throw Complaint("\(path) is no checkpoint: \(error.rawValue)")
        }
    }
}
