import Cryptography
import Durability
import Glibc
import Ledger

/// A file outside the database that names every erasure, so that a restore from an older backup can erase again what
/// that backup still has. It holds no address, no pseudonym's meaning and no value: one line of JSON for each
/// `access/erased` entry.
///
/// A line is written once its entry is committed, and synced before anybody is answered. So an erasure that failed
/// never stands here, and none that was answered is missing. One that was committed but not written, because the
/// process ended in between, is written from the ledger at the next start.
package struct ErasureJournal: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// Why the journal cannot be read or written. The text names the path and the next step.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String
    }

    /// The lines, in order. A last line without its end was cut off in writing, and is not there.
    func lines() throws -> [ErasureRecord] {
        guard unsafe access(path, F_OK) == 0 else { return [] }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault("cannot be read") }
        defer { close(descriptor) }
        let bytes = try content(of: descriptor)
        var records: [ErasureRecord] = []
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            // What was cut off is closed by the next line that is written.
            if line.isEmpty { continue }
            guard let json = try? JSONReader.read(Array(line)), let record = ErasureRecord(json) else {
                throw Fault(
                    description: "line \(records.count + 1) of the journal of erasures \(path) is not readable; "
                        + "restore the file from its backup, or take that line out by hand once you know what it says")
            }
            records.append(record)
        }
        return records
    }

    /// Adds lines behind all others; returns once they are on disk.
    func append(_ records: [ErasureRecord]) throws {
        guard !records.isEmpty else { return }
        let isNew = unsafe access(path, F_OK) != 0
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw fault("cannot be written") }
        // Closing it gives up the lock.
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX) == 0 else { throw fault("cannot be locked") }
        try cutTorn(descriptor)
        var text: [UInt8] = []
        for record in records { text += CanonicalWriter.bytes(of: record.json) + [UInt8(ascii: "\n")] }
        var rest = text[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { throw fault("cannot be written") }
            rest = rest.dropFirst(written)
        }
        guard fsync(descriptor) == 0 else { throw fault("cannot be synced") }
        guard isNew else { return }
        do {
            try DurableFile.syncFolder(of: path)
        } catch {
            throw Fault(
                description: "the journal of erasures \(error); see to the file, or choose another one with "
                    + "--erasure-journal")
        }
    }

    /// Takes away a last line that was cut off in writing: nobody was answered for it.
    private func cutTorn(_ descriptor: Int32) throws {
        let bytes = try content(of: descriptor)
        guard let last = bytes.last, last != UInt8(ascii: "\n") else { return }
        let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        guard ftruncate(descriptor, whole) == 0 else { throw fault("cannot be repaired") }
    }

    private func content(of descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { buffer in
                unsafe pread(descriptor, buffer.baseAddress, buffer.count, bytes.count)
            }
            guard count >= 0 else { throw fault("cannot be read") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    private func fault(_ what: String) -> Fault {
        let reason = unsafe String(cString: strerror(errno))
        return Fault(
            description: "the journal of erasures \(path) \(what): \(reason); see to the file, or choose another one "
                + "with --erasure-journal")
    }
}
