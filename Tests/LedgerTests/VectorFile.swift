import FoundationEssentials
import Testing

/// Our own vectors: text files of cases, each a few `member: value` lines, separated by empty lines.
struct VectorFile {
    /// One case by its members.
    typealias Case = [String: String]

    let cases: [Case]

    init(_ name: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")
        let data = try #require(FileManager.default.contents(atPath: folder.appending(path: name).path))
        var cases: [Case] = [[:]]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                cases.append([:])
            } else if !line.hasPrefix("#"), let colon = line.firstIndex(of: ":") {
                cases[cases.count - 1][String(line[..<colon])] = String(line[colon...].dropFirst(2))
            }
        }
        self.cases = cases.filter { !$0.isEmpty }
    }
}
