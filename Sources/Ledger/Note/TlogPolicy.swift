/// Whose signatures make a checkpoint trusted (C2SP tlog-policy): logs, witnesses, and how many of them.
package struct TlogPolicy: Hashable, Sendable {
    /// The longest policy, in bytes.
    package static let sizeMax = 65_536
    /// The most logs, witnesses and groups, each; at least 32 must be accepted.
    package static let countMax = 256

    package struct Log: Hashable, Sendable {
        package let key: NoteKey
        package let url: String?
    }

    package struct Witness: Hashable, Sendable {
        /// Means nothing outside the policy.
        package let name: String
        package let key: NoteKey
        /// The prefix that checkpoints are submitted to (C2SP tlog-witness).
        package let url: String?
    }

    /// What must be met: so many of the members, which are witnesses and other groups.
    private struct Group: Hashable {
        let wanted: Int
        let members: [String]
    }

    /// Why a policy is refused, with its line from 1; 0 for the whole.
    package struct Fault: Error, Hashable, Sendable {
        package let line: Int
        package let reason: String
    }

    package private(set) var logs: [Log] = []
    package private(set) var witnesses: [Witness] = []
    private var groups: [String: Group] = [:]
    /// Nil for none.
    private var quorum: String?

    /// Reads a policy.
    package init(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.count <= Self.sizeMax else { throw Fault(line: 0, reason: "longer than \(Self.sizeMax) bytes") }
        guard bytes.last == 0x0A else { throw Fault(line: 0, reason: "the last line has no end") }
        var hasQuorum = false
        // Whoever is a member already: a name may be one of one group, once.
        var members: Set<String> = []
        let lines = bytes.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            do throws(Reason) {
                guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw "a control character" }
                let items = line.split { $0 == 0x20 || $0 == 0x09 }
                guard let keyword = items.first, keyword.first != UInt8(ascii: "#") else { continue }
                let rest = Array(items.dropFirst())
                switch String(decoding: keyword, as: UTF8.self) {
                case "log": try takeLog(rest)
                case "witness": try takeWitness(rest)
                case "group": try takeGroup(rest, &members)
                case "quorum":
                    guard !hasQuorum else { throw "a second quorum" }
                    hasQuorum = true
                    try takeQuorum(rest)
                default: throw "an unknown keyword"
                }
            } catch {
                throw Fault(line: index + 1, reason: error.text)
            }
        }
        guard hasQuorum else { throw Fault(line: 0, reason: "no quorum") }
    }

    private struct Reason: Error, ExpressibleByStringLiteral {
        let text: String
        init(stringLiteral text: String) { self.text = text }
        init(_ text: String) { self.text = text }
    }

    private static let none = "none"

    private mutating func takeLog(_ items: [ArraySlice<UInt8>]) throws(Reason) {
        guard (1...2).contains(items.count) else { throw "`log` wants a key, and perhaps a URL" }
        let key = try Self.key(items[0])
        guard key.kind == .ed25519 else { throw "the key of a log is of a type that logs do not have" }
        guard !logs.contains(where: { $0.key.publicKey == key.publicKey }) else { throw "two logs have the same key" }
        guard logs.count < Self.countMax else { throw "too many logs" }
        logs.append(Log(key: key, url: items.dropFirst().first.map { String(decoding: $0, as: UTF8.self) }))
    }

    private mutating func takeWitness(_ items: [ArraySlice<UInt8>]) throws(Reason) {
        guard (2...3).contains(items.count) else { throw "`witness` wants a name, a key, and perhaps a URL" }
        let name = try newName(items[0])
        let key = try Self.key(items[1])
        guard key.kind == .cosignature else { throw "the key of a witness is of a type that witnesses do not have" }
        guard !witnesses.contains(where: { $0.key.publicKey == key.publicKey }) else {
            throw "two witnesses have the same key"
        }
        guard witnesses.count < Self.countMax else { throw "too many witnesses" }
        let url = items.dropFirst(2).first.map { String(decoding: $0, as: UTF8.self) }
        witnesses.append(Witness(name: name, key: key, url: url))
    }

    private mutating func takeGroup(_ items: [ArraySlice<UInt8>], _ taken: inout Set<String>) throws(Reason) {
        guard items.count >= 3 else { throw "`group` wants a name, how many, and members" }
        guard groups.count < Self.countMax else { throw "too many groups" }
        let name = try newName(items[0])
        let members = items.dropFirst(2).map { String(decoding: $0, as: UTF8.self) }
        for member in members {
            guard isKnown(member) else { throw "a member that no line before defines" }
            guard taken.insert(member).inserted else { throw "a member of two groups, or twice of one" }
        }
        let wanted: Int
        switch String(decoding: items[1], as: UTF8.self) {
        case "any": wanted = 1
        case "all": wanted = members.count
        default:
            guard let number = WholeNumber.read(items[1], max: members.count), number > 0 else {
                throw "how many is any, all, or a number from 1 to that of the members"
            }
            wanted = number
        }
        groups[name] = Group(wanted: wanted, members: members)
    }

    private mutating func takeQuorum(_ items: [ArraySlice<UInt8>]) throws(Reason) {
        guard items.count == 1 else { throw "`quorum` wants one name, or none" }
        let name = String(decoding: items[0], as: UTF8.self)
        guard name != Self.none else { return }
        guard isKnown(name) else { throw "a quorum that no line before defines" }
        quorum = name
    }

    private func isKnown(_ name: String) -> Bool { groups[name] != nil || witnesses.contains { $0.name == name } }

    private func newName(_ item: ArraySlice<UInt8>) throws(Reason) -> String {
        guard let name = String(validating: item, as: UTF8.self) else { throw "a name that is not UTF-8" }
        guard name != Self.none else { throw "the name none is reserved" }
        guard !isKnown(name) else { throw "a name that is defined twice" }
        return name
    }

    private static func key(_ item: ArraySlice<UInt8>) throws(Reason) -> NoteKey {
        do throws(NoteFault) {
            return try NoteKey(vkey: Array(item))
        } catch {
            throw Reason("a key that cannot be read: \(error.rawValue)")
        }
    }
}

extension TlogPolicy {
    /// Whether signatures by these keys are enough: one of a log that is listed (with none listed the caller has seen
    /// to it), and the quorum.
    package func isMet(by keys: [NoteKey]) -> Bool {
        guard logs.isEmpty || logs.contains(where: { keys.contains($0.key) }) else { return false }
        return quorum.map { isMet($0, by: Set(keys)) } ?? true
    }

    private func isMet(_ name: String, by keys: Set<NoteKey>) -> Bool {
        if let witness = witnesses.first(where: { $0.name == name }) { return keys.contains(witness.key) }
        guard let group = groups[name] else { return false }
        return group.members.count { isMet($0, by: keys) } >= group.wanted
    }
}
