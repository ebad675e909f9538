import Files
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

    private func kept(_ origin: Origin) -> KeptFile { KeptFile(file(of: origin), .readable, in: .none) }

    /// The file of a ledger's guard.
    package func file(of origin: Origin) -> String { "\(path)/\(KeyFolder.fileName(of: origin)).guard" }

    /// What the guard of a ledger knows; nil where there is none.
    package func record(of origin: Origin) throws(Fault) -> GuardRecord? {
        let bytes: [UInt8]?
        do throws(FileFault) {
            bytes = try kept(origin).read(sizeMax: GuardRecord.sizeMax)
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
        do throws(FileFault) {
            names = try Folder.open(path, sharing: .none)?.names() ?? []
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
        try write { () throws(FileFault) in
            _ = try Folder.make(path, sharing: .none)
            _ = try kept(origin).create(with: record.bytes)
        }
    }

    /// Takes the lock that whoever advances the guard of a ledger holds; it is free again when the result is let go.
    /// Nil if somebody has it.
    func lock(_ origin: Origin) throws(Fault) -> FileLock? {
        do throws(FileFault) {
            let lock = try Folder.existing(path, sharing: .none).lock("\(KeyFolder.fileName(of: origin)).lock")
            return try lock.tryExclusive() ? lock : nil
        } catch {
            throw Fault(description: "the lock \(error)")
        }
    }

    /// Advances the guard. The caller holds its lock, and has shown that the new tree begins with the old one.
    func advance(_ origin: Origin, to record: GuardRecord, holding lock: FileLock) throws(Fault) {
        try write { () throws(FileFault) in
            try lock.requireInPlace()
            try kept(origin).replace(with: record.bytes, isAlone: true)
        }
    }

    func write(_ body: () throws(FileFault) -> Void) throws(Fault) {
        do throws(FileFault) {
            try body()
        } catch {
            throw Fault(description: "the guard \(error)")
        }
    }
}
