import FoundationEssentials
import Testing

/// The test vectors in `../shared/vectors` beside the project, or in the folder that the variable `VECTORS` names.
///
/// A test whose file is missing is cancelled with the file's name; with `CI=true` it fails instead. Read vectors in
/// tests without arguments only: one with arguments is reported as passed when every case of it was cancelled.
enum Vectors {
    private static let isRequired = ProcessInfo.processInfo.environment["CI"] == "true"

    private static let folder: URL = {
        if let given = ProcessInfo.processInfo.environment["VECTORS"] { return URL(filePath: given) }
        var url = URL(filePath: #filePath)
        // Vectors.swift, MailAuthenticationTests, Tests, the project.
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.appending(path: "shared/vectors")
    }()

    /// The bytes of a file below the folder, or of one with an absolute path.
    static func bytes(_ path: String) throws -> [UInt8] {
        let file = path.hasPrefix("/") ? path : folder.appending(path: path).path
        guard let data = FileManager.default.contents(atPath: file) else {
            if isRequired { throw MissingVector(path: path) }
            try Test.cancel("the vector \(path) is missing")
        }
        return Array(data)
    }

    /// The value in a JSON file.
    static func json<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(try bytes(path)))
    }

    struct MissingVector: Error, CustomStringConvertible {
        let path: String
        var description: String { "the vector \(path) is missing, and CI=true asks for all" }
    }
}
