import SeededRandom

/// Changes bytes at random places, in the ways that break parsers.
enum Mutation {
    /// `bytes` after one to eight changes, of which some use the signs in `signs`.
    static func mutated(_ bytes: [UInt8], signs: String, _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let index = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0...5, using: &random) {
            case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
            case 1 where index < bytes.count: bytes.remove(at: index)
            case 2 where index < bytes.count: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 3: bytes.insert(Array(signs.utf8).randomElement(using: &random) ?? 0, at: index)
            case 4: bytes.removeLast(min(bytes.count, Int.random(in: 0...4, using: &random)))
            default:
                let start = Int.random(in: 0...index, using: &random)
                bytes.insert(contentsOf: bytes[start..<min(index, start + 40)], at: index)
            }
        }
        return bytes
    }
}
