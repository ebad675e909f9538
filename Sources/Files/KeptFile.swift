/// A file that Countersign keeps: a key, a secret, a guard, a journal. Every act opens and checks its folder anew.
package struct KeptFile: Sendable {
    package let path: String
    private let place: FilePlace
    private let access: Access
    private let sharing: Folder.Sharing

    /// - Parameter sharing: what others may do in its folder.
    package init(_ path: String, _ access: Access, in sharing: Folder.Sharing = .sticky) {
        self.path = path
        self.access = access
        self.sharing = sharing
        place = FilePlace(path)
    }

    /// Whether something lies there, whatever it is.
    package var exists: Bool { (try? Folder.open(place.folder, sharing: .callers))?.exists(place.name) ?? false }

    /// The content; nil where there is no such file.
    ///
    /// - Parameter sizeMax: a longer file is a fault.
    package func read(sizeMax: Int = .max) throws(FileFault) -> [UInt8]? {
        try Folder.open(place.folder, sharing: sharing)?.read(place.name, sizeMax: sizeMax, access)
    }

    /// See `Folder.replace`.
    package func replace(with bytes: [UInt8], isAlone: Bool = false) throws(FileFault) {
        try folder().replace(place.name, with: bytes, isAlone: isAlone)
    }

    /// See `Folder.create`.
    package func create(with bytes: [UInt8]) throws(FileFault) -> Bool { try folder().create(place.name, with: bytes) }

    /// Takes the file away, for good when this returns; it may be gone already.
    package func remove() throws(FileFault) {
        guard let folder = try Folder.open(place.folder, sharing: sharing) else { return }
        try folder.remove(place.name)
    }

    /// See `Folder.append`.
    package func append(_ lines: [UInt8], lockTimeout: Duration) throws(FileFault) {
        try folder().append(lines, to: place.name, access, lockTimeout: lockTimeout)
    }

    private func folder() throws(FileFault) -> Folder { try Folder.existing(place.folder, sharing: sharing) }
}
