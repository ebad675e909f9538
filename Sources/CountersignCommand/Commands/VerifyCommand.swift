import ArgumentParser

/// `countersign verify`
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "")
    func run() async throws {}
}
