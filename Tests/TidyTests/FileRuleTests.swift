import Testing

/// What is kept in files is reached in one module alone, which checks whose they are and follows no link. There is no
/// exception: the kernel's own files below /proc, and what callers name, are read there as well. Sockets, the terminal
/// and pipes to programs are not opened by a path.
@Suite struct `Files of value` {
    private let tree = SourceTree()

    /// Calls of the system with a path or a name in them. Strict memory safety has each of them say `unsafe`, so that
    /// methods of ours with the same names are told apart.
    private static let calls: Set = [
        "access", "chmod", "chown", "creat", "faccessat", "fchmodat", "fchownat", "fdopendir", "fopen", "freopen",
        "fstat", "fstatat", "lchown", "link", "linkat", "lstat", "mkdir", "mkdirat", "mkdtemp", "mkfifo", "mkostemp",
        "mkstemp", "open", "openat", "opendir", "readdir", "readlink", "readlinkat", "remove", "rename", "renameat",
        "renameat2", "rmdir", "stat", "symlink", "symlinkat", "truncate", "unlink", "unlinkat", "utimensat",
    ]
    /// What says so by its name alone.
    private static let names: Set = [
        "FileDescriptor", "FileHandle", "FileManager", "O_APPEND", "O_CREAT", "O_DIRECTORY", "O_NOFOLLOW", "O_RDONLY",
        "O_RDWR", "O_TRUNC", "O_WRONLY", "contentsOfFile", "toFile",
    ]
    /// Calls with nothing but numbers.
    private static let plainCalls: Set = ["fchmod", "fchown", "fdatasync", "flock", "fsync", "ftruncate", "lockf"]
    private static let phrases = ["Data(contentsOf", "String(contentsOf", ".write(to: URL"]

    @Test func `are opened in the module Files and nowhere else`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") where file.target != "Files" {
            for (index, line) in file.lines.enumerated() {
                for word in words(in: line) {
                    #expect(!Self.names.contains(word), "\(file.path):\(index + 1) says \(word)")
                    let isCall = Self.plainCalls.contains(word) && line.contains("\(word)(")
                    #expect(!isCall, "\(file.path):\(index + 1) calls \(word)")
                    guard Self.calls.contains(word) else { continue }
                    for prefix in ["unsafe ", "unsafe !", "Glibc."] {
                        #expect(!line.contains("\(prefix)\(word)("), "\(file.path):\(index + 1) calls \(word)")
                    }
                }
                guard line.contains("contentsOf") || line.contains("URL") else { continue }
                for phrase in Self.phrases { #expect(!line.contains(phrase), "\(file.path):\(index + 1): \(phrase)") }
            }
        }
    }

    private func words(in line: String) -> [String] {
        line.utf8.split { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                false
            default: true
            }
        }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Building a text may call the system, which may then set another number.
    @Test func `and all others read errno before a text is built`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") {
            for (index, line) in file.lines.enumerated() {
                guard line.contains("err") else { continue }
                #expect(!line.contains("\\(errno") && !line.contains("Message(errno"), "\(file.path):\(index + 1)")
                let isOurs = line.contains(" strerror(") || line.contains("(strerror(")
                #expect(!isOurs || file.path == "Sources/Files/SystemMessage.swift", "\(file.path):\(index + 1)")
            }
        }
    }
}
