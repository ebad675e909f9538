import ArgumentParser

/// `countersign serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "")
    func run() async throws {}
}
