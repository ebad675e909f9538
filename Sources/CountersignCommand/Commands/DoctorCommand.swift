import ArgumentParser

/// `countersign doctor`
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "")
    func run() async throws {}
}
