/// A path, cut into a folder and a name in it.
package struct FilePlace: Sendable, Equatable {
    /// `.` where the path has one part only.
    package let folder: String
    package let name: String

    /// Slashes at the end say nothing.
    package init(_ path: String) {
        var bytes = Array(path.utf8)
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else {
            folder = "."
            name = String(decoding: bytes, as: UTF8.self)
            return
        }
        folder = slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
        name = String(decoding: bytes[(slash + 1)...], as: UTF8.self)
    }
}
