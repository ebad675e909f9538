import Files
package import Ledger
import LedgerStore

/// Beside the guard of a ledger stands a file as long as the ledger is halted: a database that goes back once more
/// stays halted, and the one that was failed away from is known for what it is.
extension GuardFolder: Fence {
    /// The file of a ledger's halt.
    package func haltFile(of origin: Origin) -> String { "\(path)/\(KeyFolder.fileName(of: origin)).halt" }

    private func keptHalt(_ origin: Origin) -> KeptFile { KeptFile(haltFile(of: origin), .readable, in: .none) }

    /// A guard that cannot be read stops what is signed, and its fault is told there.
    package func signedCheckpoint(of origin: Origin) -> Checkpoint? { (try? record(of: origin))?.checkpoint }

    /// A file that cannot be read halts as well: it would not be there otherwise.
    package func halt(of origin: Origin) -> Halt? {
        let file = keptHalt(origin)
        let bytes: [UInt8]?
        do throws(FileFault) {
            bytes = try file.read(sizeMax: Halt.sizeMax)
        } catch {
            return file.exists ? Halt("the halt \(error)", of: origin) : nil
        }
        guard let bytes else { return nil }
        guard let halt = try? Halt(bytes), halt.expected.origin == KeyName(origin) else {
            return Halt("the halt \(haltFile(of: origin)) is not one of \(origin.text)", of: origin)
        }
        return halt
    }

    package func remember(_ halt: Halt, of origin: Origin) throws {
        let joined = self.halt(of: origin)?.joined(with: halt) ?? halt
        try write { () throws(FileFault) in
            _ = try Folder.make(path, sharing: .none)
            try keptHalt(origin).replace(with: joined.bytes)
        }
    }

    package func forgetHalt(of origin: Origin) throws {
        try write { () throws(FileFault) in try keptHalt(origin).remove() }
    }
}
