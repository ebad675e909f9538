extension Draft {
    /// Members that its place, its reporter and chance give to an entry, rather than the request.
    private static let givenMembers: Set = [
        "format", "idempotency", "ledger", "nonce", "prev", "recorded_at", "reporter", "sealed", "seq", "subjects",
    ]

    /// Whether the stored line says in clear what this draft would: all that can be compared once sealed values are
    /// erased. Of sealed values it compares the names, and how many stand under each.
    package func saysTheSameInClear(as line: [UInt8]) -> Bool {
        let own = self.line(seq: 0, previous: TreeHash.empty, recordedAt: Timestamp(microseconds: 0), subjects: [])
        guard let ours = Self.inClear(own), let theirs = Self.inClear(line) else { return false }
        return ours == theirs
    }

    private static func inClear(_ line: [UInt8]) -> [UInt8]? {
        guard let json = try? JSONReader.read(line), let members = json.members else { return nil }
        var clear: [JSONValue.Member] = []
        for member in members where !givenMembers.contains(member.name) {
            // It says where an earlier observation of the same attempt stands.
            guard member.name == "data", let data = member.value.members else {
                clear.append(member)
                continue
            }
            let said = data.filter { $0.name != "conflicts_with" }
            if !said.isEmpty { clear.append(.init(member.name, .object(said))) }
        }
        let sealed = (json["sealed"]?.members ?? []).map { member in
            JSONValue.Member(member.name, member.value.elements.map { .integer($0.count) } ?? true)
        }
        return CanonicalWriter.bytes(of: .object(clear + [.init("sealed", .object(sealed))]))
    }
}
