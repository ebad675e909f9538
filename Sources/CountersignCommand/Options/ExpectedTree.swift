import ArgumentParser
import Cryptography
import LedgerStore

/// A tree that was noted before or elsewhere: `SIZE:ROOT`.
struct ExpectedTree: ExpressibleByArgument, Sendable {
    let head: TreeHead

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let size = Int(parts[0]),
            size > 0, let root = Digest(hex: String(parts[1]))
        else { return nil }
        head = TreeHead(size: size, root: root)
    }
}
