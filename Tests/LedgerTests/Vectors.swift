import FoundationEssentials
import Testing

/// The test vectors in `../shared/vectors` beside the project.
///
/// A test whose file is missing is skipped with the file's name; with `CI=true` it fails instead. Read vectors in tests
/// without arguments only: one with arguments is reported as passed when every case of it was skipped.
enum Vectors {
    private static let isRequired = ProcessInfo.processInfo.environment["CI"] == "true"

    private static let folder: URL = {
        var url = URL(filePath: #filePath)
        // Vectors.swift, LedgerTests, Tests, the project.
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.appending(path: "shared/vectors")
    }()

    /// The bytes of a file below the folder.
    static func bytes(_ path: String) throws -> [UInt8] {
        let file = folder.appending(path: path).path
        guard let data = FileManager.default.contents(atPath: file) else {
            if isRequired { throw MissingVector(path: path) }
            try Test.cancel("the vector \(path) is missing")
        }
        return Array(data)
    }

    /// The lines of a text file, without a last empty one.
    static func lines(_ path: String) throws -> [String] {
        String(decoding: try bytes(path), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            .dropLast(if: \.isEmpty)
    }

    /// The value in a JSON file.
    static func json<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(try bytes(path)))
    }

    /// The values in a file with one JSON object on each line.
    static func jsonLines<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> [Value] {
        try lines(path).map { try JSONDecoder().decode(type, from: Data($0.utf8)) }
    }

    struct MissingVector: Error, CustomStringConvertible {
        let path: String
        var description: String { "the vector \(path) is missing, and CI=true asks for all" }
    }
}

extension Array {
    /// Without the last element, if that fulfils the condition.
    fileprivate func dropLast(if condition: (Element) -> Bool) -> [Element] {
        last.map(condition) == true ? dropLast() : self
    }
}
