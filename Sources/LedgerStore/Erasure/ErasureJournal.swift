import Files
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

    /// How long one who writes waits for another.
    private static let lockTimeout = Duration.seconds(10)

    private var file: KeptFile { KeptFile(path, .readable) }

    /// Refuses a journal that cannot be used: before an erasure is done which it then could not name.
    package func check() throws { _ = try lines() }

    /// The lines, in order. A last line without its end was cut off in writing, and is not there.
    func lines() throws -> [ErasureRecord] {
        let bytes: [UInt8]
        do throws(FileFault) { bytes = try file.read() ?? [] } catch { throw Self.fault(error) }
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
        var text: [UInt8] = []
        for record in records { text += CanonicalWriter.bytes(of: record.json) + [UInt8(ascii: "\n")] }
        do throws(FileFault) { try file.append(text, lockTimeout: Self.lockTimeout) } catch { throw Self.fault(error) }
    }

    private static func fault(_ fault: FileFault) -> Fault {
        Fault(description: "the journal of erasures \(fault), or choose another one with --erasure-journal")
    }
}
