import Checkpoints
import Cryptography
import FoundationEssentials
import Ledger
import Testing

@Suite struct `The folder of signing keys` {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)").path
    private var keys: KeyFolder { KeyFolder(folder) }

    @Test func `makes a key once, for its owner alone`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let origin = try Origin("acme.example/mail")
        let made = try keys.makeKey(of: origin)
        #expect(try keys.makeKey(of: origin).key == made.key)
        let file = keys.file(of: origin)
        #expect(file == "\(folder)/acme.example+mail.key")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let line = try String(contentsOfFile: file, encoding: .utf8)
        #expect(line.hasPrefix("PRIVATE+KEY+acme.example/mail+\(made.key.idText)+"))
    }

    @Test func `refuses a file that others can read`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let origin = try Origin("acme.example/mail")
        _ = try keys.makeKey(of: origin)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: keys.file(of: origin))
        #expect(throws: KeyFolder.Fault.self) { try keys.keys(of: origin) }
    }

    @Test func `refuses the key of another ledger`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (mine, other) = (try Origin("acme.example/mail"), try Origin("other.example/mail"))
        _ = try keys.makeKey(of: other)
        try FileManager.default.copyItem(atPath: keys.file(of: other), toPath: keys.file(of: mine))
        #expect(throws: KeyFolder.Fault.self) { try keys.keys(of: mine) }
    }

    @Test func `keeps the order of several keys`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let origin = try Origin("acme.example/mail")
        let old = try keys.makeKey(of: origin)
        let new = SigningKey(name: KeyName(origin), kind: .ed25519, random: Random.bytes)
        try keys.replaceKeys(of: origin, with: [new, old])
        #expect(try keys.keys(of: origin)?.map(\.key) == [new.key, old.key])
        #expect(try keys.keys(of: Origin("nobody.example/mail")) == nil)
    }
}
