/// What a path below a ledger's prefix names (C2SP tlog-tiles): exactly the shortest form of each path, nothing else.
package enum TlogResource: Hashable, Sendable {
    /// The newest signed checkpoint.
    case checkpoint
    /// A tile of hashes.
    case tile(Tile)
    /// The entries of a tile of level 0.
    case entries(Tile)

    /// Reads `<prefix>/checkpoint`, `<prefix>/tile/<L>/<N>[.p/<W>]` and `<prefix>/tile/entries/<N>[.p/<W>]`.
    ///
    /// - Returns: the prefix, which is a ledger's name or not, and what is named below it; nil for any other path.
    package static func read(_ path: some StringProtocol) -> (prefix: String, resource: TlogResource)? {
        let segments = String(path).split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        if segments.count > 1, segments.last == "checkpoint" {
            return (segments.dropLast().joined(separator: "/"), .checkpoint)
        }
        // A ledger may be called so, but below its prefix no path has this word a second time.
        guard let place = segments.lastIndex(of: "tile"), place > 0, place + 2 < segments.count else { return nil }
        let prefix = segments[..<place].joined(separator: "/")
        let kind = segments[place + 1]
        let rest = Array(segments[(place + 2)...])
        if kind == "entries" { return tile(0, rest).map { (prefix, .entries($0)) } }
        guard let level = WholeNumber.read(kind, max: Tile.levelMax) else { return nil }
        return tile(level, rest).map { (prefix, .tile($0)) }
    }

    private static func tile(_ level: Int, _ segments: [String]) -> Tile? {
        var segments = segments
        var width = Tile.fullWidth
        if segments.count > 1, segments[segments.count - 2].hasSuffix(".p") {
            guard let partial = WholeNumber.read(segments.removeLast(), max: Tile.fullWidth - 1) else { return nil }
            width = partial
            segments[segments.count - 1].removeLast(2)
        }
        guard let last = segments.popLast(), segments.allSatisfy({ $0.hasPrefix("x") }) else { return nil }
        let elements = segments.map { $0.dropFirst() } + [last[...]]
        guard elements.allSatisfy({ $0.utf8.count == 3 }),
            let index = WholeNumber.readPadded(Array(elements.joined().utf8), max: Checkpoint.sizeMax),
            let tile = Tile(level: level, index: index, width: width)
        else { return nil }
        // x000/005 names the same tile as 005, and only that is its path.
        return tile.elementCount == elements.count ? tile : nil
    }
}
