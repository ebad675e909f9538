import Glibc
import Synchronization

/// A file that a caller names to be written, piece by piece. It may hold personal data, so only its owner can read it.
package final class OutputFile: Sendable {
    /// Where the pieces go.
    package let descriptor: Int32
    private let folder: Folder
    private let name: String
    /// Its name until it is whole; nil where it has its own from the start.
    private let unfinished: String?
    private let isFinished = Atomic<Bool>(false)

    /// Begins a file that appears as `path` once it is whole, in place of one that is there; left alone, it is gone
    /// again.
    package init(replacing path: String) throws(FileFault) {
        let place = FilePlace(path)
        folder = try Folder.existing(place.folder, sharing: .callers)
        name = place.name
        try folder.requireReplaceable(name)
        let unfinished = Folder.unfinished(name)
        guard let file = try folder.makeFile(unfinished, O_WRONLY, meaning: name) else {
            throw FileFault(EEXIST, path, "cannot be made")
        }
        self.unfinished = unfinished
        descriptor = file
    }

    /// Makes `path`, which must not be there; it grows as it is written.
    package init(growing path: String) throws(FileFault) {
        let place = FilePlace(path)
        folder = try Folder.existing(place.folder, sharing: .callers)
        name = place.name
        guard let file = try folder.makeFile(name, O_WRONLY) else {
            throw FileFault(.present, path, "is there already", next: "move it away, or name another file")
        }
        unfinished = nil
        descriptor = file
    }

    /// Makes a file in a folder, which must not have one of that name; it grows as it is written.
    package init(growing name: String, in folder: Folder) throws(FileFault) {
        self.folder = folder
        self.name = name
        guard let file = try folder.makeFile(name, O_WRONLY) else {
            throw FileFault(.present, folder.place(name), "is there already", next: "name another folder")
        }
        unfinished = nil
        descriptor = file
    }

    deinit {
        close(descriptor)
        if let unfinished, !isFinished.load(ordering: .relaxed) { unsafe unlinkat(folder.descriptor, unfinished, 0) }
    }

    package func write(_ bytes: [UInt8]) throws(FileFault) {
        do throws(Descriptor.Failure) { try Descriptor.write(bytes, to: descriptor) } catch {
            throw FileFault(error.number, folder.place(name), "cannot be written")
        }
    }

    /// Returns once the whole file is on the disk under its name.
    package func finish() throws(FileFault) {
        do throws(Descriptor.Failure) { try Descriptor.sync(descriptor) } catch {
            throw FileFault(error.number, folder.place(name), "cannot be written")
        }
        if let unfinished {
            try folder.requireReplaceable(name)
            try folder.rename(unfinished, to: name)
        } else {
            try folder.sync()
        }
        isFinished.store(true, ordering: .relaxed)
    }
}
