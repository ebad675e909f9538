import ArgumentParser
import Cryptography
import Ledger
import LedgerStore

/// A tree that was noted before or elsewhere: `SIZE:ROOT`.
struct ExpectedTree: ExpressibleByArgument, Sendable {
    let head: TreeHead

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let size = WholeNumber.read(parts[0], max: JSONValue.integerMax), size > 0,
            let root = Digest(hex: String(parts[1]))
        else { return nil }
        head = TreeHead(size: size, root: root)
    }
}
