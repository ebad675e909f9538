import Durability
package import Ledger

/// The folder with the guards: for each ledger a file with the newest checkpoint that was signed. It is what keeps two
/// instances, or one before and one after a restore, from signing two histories; so it must be the same folder for all
/// who sign, and never be restored together with the database.
package struct GuardFolder: Sendable {
    /// Why a guard cannot be used: a sentence with the path and the next step.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    package let path: String

    package init(_ path: String) { self.path = path }

    /// The file of a ledger's guard.
    package func file(of origin: Origin) -> String { "\(path)/\(KeyFolder.fileName(of: origin)).guard" }

    /// What the guard of a ledger knows; nil where there is none.
    package func record(of origin: Origin) throws(Fault) -> GuardRecord? {
        let bytes: [UInt8]?
        do throws(DurableFile.Fault) {
            bytes = try DurableFile.read(file(of: origin), sizeMax: GuardRecord.sizeMax)
        } catch {
            throw Fault(description: "the guard \(error)")
        }
        guard let bytes else { return nil }
        do throws(NoteFault) {
            let record = try GuardRecord(bytes)
            guard record.checkpoint.origin == KeyName(origin) else { throw .otherTree }
            return record
        } catch {
            throw Fault(
                description: "the guard \(file(of: origin)) is not one of \(origin.text) (\(error.rawValue)); nothing "
                    + "is signed until it is restored from a copy that is not older than the last checkpoint")
        }
    }

    /// The ledgers that have a guard here.
    func origins() throws(Fault) -> [Origin] {
        let names: [String]
        do throws(DurableFile.Fault) {
            names = try DurableFile.names(in: path)
        } catch {
            throw Fault(description: "the folder of guards \(error)")
        }
        return names.filter { $0.hasSuffix(".guard") }.compactMap { name in
            let parts = name.dropLast(".guard".count).split(separator: "+", omittingEmptySubsequences: false)
            return try? Origin(parts.joined(separator: "/"))
        }
    }

    /// Makes the guard of a new ledger, with a checkpoint of the tree without leaves; leaves one that is there alone.
    package func makeGuard(of origin: Origin, signedBy key: SigningKey) throws(Fault) {
        let checkpoint = Checkpoint(origin: origin, size: 0, root: TreeHash.empty)
        guard let signature = key.signer.sign(checkpoint.text),
            let record = GuardRecord(
                SignedNote(text: checkpoint.text, signatures: [signature]), checkpoint, range: CompactRange())
        else { throw Fault(description: "the guard of \(origin.text) cannot be signed") }
        try write { () throws(DurableFile.Fault) in
            try DurableFile.makeFolder(path)
            _ = try DurableFile.create(file(of: origin), with: record.bytes)
        }
    }

    /// Takes the lock that whoever advances the guard of a ledger holds; it is free again when the result is let go.
    /// Nil if somebody has it.
    func lock(_ origin: Origin) throws(Fault) -> FileLock? {
        let file = "\(path)/\(KeyFolder.fileName(of: origin)).lock"
        guard let lock = FileLock(file) else { throw Fault(description: "the lock \(file) cannot be opened") }
        return lock.take() ? lock : nil
    }

    /// Advances the guard. The caller holds the lock, and has shown that the new tree begins with the old one.
    func advance(_ origin: Origin, to record: GuardRecord) throws(Fault) {
        try write { () throws(DurableFile.Fault) in
            try DurableFile.replace(file(of: origin), with: record.bytes)
        }
    }

    private func write(_ body: () throws(DurableFile.Fault) -> Void) throws(Fault) {
        do throws(DurableFile.Fault) {
            try body()
        } catch {
            throw Fault(description: "the guard \(error)")
        }
    }
}
