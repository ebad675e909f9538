import Glibc
import Testing

@testable import Files

/// A folder of its own for one test, gone at its end.
final class Scratch {
    let path: String

    init() throws {
        var template = Array("/tmp/csf-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, unsafe mkdtemp(start) != nil else { return nil }
            return unsafe String(cString: start)
        }
        path = try #require(made)
    }

    deinit { _ = unsafe system("rm -rf '\(path)'") }

    func folder(_ sharing: Folder.Sharing = .none) throws -> Folder { try Folder.existing(path, sharing: sharing) }

    /// Runs a line of shell in the folder.
    func shell(_ line: String) throws { try #require(unsafe system("cd '\(path)' && { \(line); }") == 0, "\(line)") }

    /// What a file holds, whatever it is.
    func text(_ name: String) -> String? { ForeignText.read("\(path)/\(name)") }
}

/// What a call throws; records a failure where it throws nothing.
func fault<Value>(_ body: () throws(FileFault) -> Value) -> FileFault? {
    do throws(FileFault) {
        _ = try body()
        Issue.record("nothing was refused")
        return nil
    } catch {
        return error
    }
}

let isRoot = geteuid() == 0
