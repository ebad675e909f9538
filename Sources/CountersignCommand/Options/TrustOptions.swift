import ArgumentParser
import Ledger

/// Whom an offline check trusts: keys that come from outside, never from what is checked.
struct TrustOptions: ParsableArguments {
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "The ledger's public key, which you have from its owner; may be repeated.",
            discussion: "As `countersign ledger keys` prints it, or @file with one on each line.", valueName: "vkey"))
    var keys: [String] = []

    @Option(
        help: ArgumentHelp(
            "Demand the witnesses of this policy (C2SP tlog-policy); its logs are trusted as well.", valueName: "file"))
    var policy: String?

    func validate() throws {
        if keys.isEmpty, policy == nil { throw ValidationError("--key or --policy is needed: whom do you trust?") }
    }

    /// The keys that texts spell, each a vkey or `@` and the file that holds some.
    static func keys(_ texts: [String]) throws(Complaint) -> [NoteKey] {
        var keys: [NoteKey] = []
        for text in texts {
            let lines =
                text.hasPrefix("@")
                ? String(decoding: try CheckpointFile.bytes(String(text.dropFirst())), as: UTF8.self)
                    .split(separator: "\n").map { String($0) } : [text]
            for line in lines {
                do throws(NoteFault) {
                    keys.append(try NoteKey(vkey: Array(line.utf8)))
                } catch {
                    throw Complaint(
                        "a key cannot be read: \(error.rawValue)",
                        next: "write it as `countersign ledger keys` prints it: name+id+base64", status: .usage)
                }
            }
        }
        return keys
    }

    /// The keys of ledgers, and the policy.
    func trust() throws(Complaint) -> (log: [NoteKey], policy: TlogPolicy?) {
        let log = try Self.keys(keys)
        guard let policy else { return (log, nil) }
        let bytes = try CheckpointFile.bytes(policy)
        do throws(TlogPolicy.Fault) {
            let policy = try TlogPolicy(bytes)
            return (log + policy.logs.map(\.key), policy)
        } catch {
            throw Complaint("\(policy), line \(error.line): \(error.reason)", status: .usage)
        }
    }
}
