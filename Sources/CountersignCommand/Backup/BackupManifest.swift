import Checkpoints
import Cryptography
import Ledger
import LedgerStore

/// What a backup says of itself (`backup.json`; `Format.md`, "Backups"): what each ledger's key signs.
struct BackupManifest {
    static let sizeMax = 16 << 20
    /// That of builds that left the backup to pg_dump.
    private static let oldFormat = "countersign-backup/1"

    struct LedgerState {
        let ledger: BackupLedger
        /// The newest signed checkpoint before the backup, if there was one.
        let checkpoint: SignedNote?

        var origin: Origin { ledger.origin }
    }

    let takenAt: Timestamp
    /// The release of the Postgres that it was taken from.
    let postgres: String
    let migrations: [Step]
    /// In the order of their names.
    let ledgers: [LedgerState]
    /// One for each of ``BackupTable/all``, in that order.
    let tables: [TableFile]

    /// One step of the schema.
    struct Step: Equatable {
        let version: Int
        let sha256: Digest

        /// Those of this binary.
        static let own = Migration.all.map { Step(version: $0.version, sha256: $0.checksum) }
    }
}

// MARK: Written

extension BackupManifest {
    /// Canonical JSON, and a line feed.
    var bytes: [UInt8] {
        CanonicalWriter.bytes(
            of: [
                "format": .string(BackupNote.format), "taken_at": .string(takenAt.text),
                "postgres": .string(postgres),
                "migrations": .array(
                    migrations.map { ["version": .integer($0.version), "sha256": .string($0.sha256.hex)] }),
                "ledgers": .array(ledgers.map(\.json)),
                "tables": .array(
                    tables.map {
                        [
                            "name": .string($0.name), "bytes": .integer($0.bytes), "rows": .integer($0.rows),
                            "sha256": .string($0.sha256.hex),
                        ]
                    }),
            ]) + [0x0A]
    }
}

extension BackupManifest.LedgerState {
    fileprivate var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("ledger", .string(origin.text)), .init("size", .integer(ledger.size)),
            .init("root", .string(ledger.root.hex)),
        ]
        if let checkpoint {
            members.append(.init("checkpoint", .string(String(decoding: checkpoint.bytes, as: UTF8.self))))
        }
        if let keys = ledger.keys {
            members.append(.init("key", .string(keys.first.vkey)))
            members.append(.init("rotations", .array(keys.rotations.map { .object($0.data) })))
        }
        return .object(members)
    }
}

// MARK: Read

extension BackupManifest {
    /// Reads the manifest of the backup in `folder`, and refuses by its place whatever is not as this build writes it.
    static func read(_ folder: BackupFolder) throws(Complaint) -> (manifest: BackupManifest, digest: Digest) {
        guard folder.has(BackupFolder.manifestName) else {
            throw Complaint(
                "\(folder.path) holds no \(BackupFolder.manifestName)", next: "name the folder of a whole backup")
        }
        let bytes = try folder.content(of: BackupFolder.manifestName, sizeMax: sizeMax)
        let reader = ManifestReader(path: "\(folder.path)/\(BackupFolder.manifestName)")
        let json: JSONValue
        do throws(Refusal) { json = try JSONReader.read(bytes) } catch { throw reader.refusal("is no manifest") }
        let format = json["format"]?.text
        guard format != oldFormat, !folder.has(BackupFolder.oldDumpName) else {
            throw Complaint(
                "\(folder.path) is a dump by pg_dump, as builds before this format made it: restoring one runs what "
                    + "stands in it as superuser",
                next: "restore it with the build that made it, and take a new backup with this one")
        }
        guard format == BackupNote.format else { throw reader.refusal("is of a format that this build does not know") }
        let manifest = try reader.manifest(json)
        guard manifest.bytes == bytes else { throw reader.refusal("is not in canonical form") }
        return (manifest, SHA256.digest(bytes))
    }
}

/// Reads the members of a manifest.
private struct ManifestReader {
    let path: String

    func refusal(_ what: String) -> Complaint { Complaint("\(path) \(what)", next: BackupFolder.next) }

    func manifest(_ json: JSONValue) throws(Complaint) -> BackupManifest {
        try requireMembers(of: json, ["format", "ledgers", "migrations", "postgres", "tables", "taken_at"], "")
        guard let takenAt = json["taken_at"]?.text.flatMap({ Timestamp($0) }) else {
            throw refusal("has no time in taken_at")
        }
        guard let postgres = json["postgres"]?.text, postgres.utf8.count <= 100 else {
            throw refusal("has no release in postgres")
        }
        let steps = try elements(of: json, "migrations", countMax: 1_000) { step, place throws(Complaint) in
            try requireMembers(of: step, ["sha256", "version"], place)
            return BackupManifest.Step(
                version: try number(step, "version", max: 1_000_000, place), sha256: try digest(step, "sha256", place))
        }
        guard steps == BackupManifest.Step.own else {
            throw Complaint(
                "\(path) is of another schema than this build's, which its migrations tell",
                next: "restore it with the build that made it, and upgrade then")
        }
        let ledgers = try elements(of: json, "ledgers", countMax: 1_000_000, ledger)
        let names = ledgers.map(\.origin.text)
        guard zip(names, names.dropFirst()).allSatisfy({ $0.utf8.lexicographicallyPrecedes($1.utf8) }) else {
            throw refusal("names a ledger twice, or out of order")
        }
        let tables = try elements(of: json, "tables", countMax: BackupTable.all.count, table)
        guard tables.map(\.name) == BackupTable.all.map(\.name) else {
            throw refusal("names other tables than those of a backup")
        }
        let entries = tables.first { $0.name == "entries" }?.rows
        guard ledgers.reduce(0, { $0 + $1.ledger.size }) == entries else {
            throw refusal("gives the ledgers other sizes than rows of entries")
        }
        return BackupManifest(
            takenAt: takenAt, postgres: postgres, migrations: steps, ledgers: ledgers, tables: tables)
    }

    private func table(_ json: JSONValue, _ place: String) throws(Complaint) -> TableFile {
        try requireMembers(of: json, ["bytes", "name", "rows", "sha256"], place)
        // Only names of ours ever become names of files.
        guard let name = json["name"]?.text, BackupTable.all.contains(where: { $0.name == name }) else {
            throw refusal("names no table of a backup in \(place).name")
        }
        let bytes = try number(json, "bytes", max: JSONValue.integerMax, place)
        // A row has one byte at least, its line feed.
        let rows = try number(json, "rows", max: bytes, place)
        return TableFile(name: name, bytes: bytes, rows: rows, sha256: try digest(json, "sha256", place))
    }

    private func ledger(_ json: JSONValue, _ place: String) throws(Complaint) -> BackupManifest.LedgerState {
        var allowed = ["ledger", "root", "size"]
        if json["checkpoint"] != nil { allowed.append("checkpoint") }
        if json["key"] != nil { allowed += ["key", "rotations"] }
        try requireMembers(of: json, allowed, place)
        guard let origin = json["ledger"]?.text.flatMap({ try? Origin($0) }) else {
            throw refusal("has no name of a ledger in \(place).ledger")
        }
        let size = try number(json, "size", max: BackupLedger.sizeMax, place)
        let root = try digest(json, "root", place)
        guard size > 0 || root == TreeHash.empty else { throw refusal("has a root without entries in \(place).root") }
        var keys: KeySuccession?
        if json["key"] != nil { keys = try self.keys(json, of: origin, place) }
        var note: SignedNote?
        if let text = json["checkpoint"] {
            note = text.text.flatMap { try? SignedNote(Array($0.utf8)) }
            guard let checkpoint = note.flatMap({ try? Checkpoint($0.text) }), checkpoint.origin == KeyName(origin),
                checkpoint.size <= size
            else { throw refusal("has a checkpoint of another ledger or tree in \(place).checkpoint") }
        }
        return BackupManifest.LedgerState(
            ledger: BackupLedger(origin: origin, size: size, root: root, keys: keys), checkpoint: note)
    }

    private func keys(_ json: JSONValue, of origin: Origin, _ place: String) throws(Complaint) -> KeySuccession {
        var rotations: [KeyRotation] = []
        for data in json["rotations"]?.elements ?? [] {
            guard let rotation = KeyRotation(data: data) else {
                throw refusal("has a rotation that the key before did not sign in \(place).rotations")
            }
            rotations.append(rotation)
        }
        guard let first = json["key"]?.text.flatMap({ try? NoteKey(vkey: Array($0.utf8)) }),
            let keys = KeySuccession(first: first, rotations: rotations),
            keys.keys.allSatisfy({ $0.name == KeyName(origin) && $0.kind == .ed25519 })
        else { throw refusal("has keys of another ledger in \(place).key") }
        return keys
    }

    // MARK: Members

    private func requireMembers(of json: JSONValue, _ names: [String], _ place: String) throws(Complaint) {
        let found = json.members?.map(\.name).sorted()
        guard found == names.sorted() else {
            throw refusal("has other members than a manifest\(place.isEmpty ? "" : " in \(place)")")
        }
    }

    private func elements<Value>(
        of json: JSONValue, _ name: String, countMax: Int,
        _ read: (_ element: JSONValue, _ place: String) throws(Complaint) -> Value
    ) throws(Complaint) -> [Value] {
        guard let elements = json[name]?.elements, elements.count <= countMax else {
            throw refusal("has no list of up to \(countMax) in \(name)")
        }
        var values: [Value] = []
        for (index, element) in elements.enumerated() { values.append(try read(element, "\(name)[\(index)]")) }
        return values
    }

    private func number(
        _ json: JSONValue, _ name: String, max: Int, _ place: String
    ) throws(Complaint) -> Int {
        guard let number = json[name]?.number, (0...max).contains(number) else {
            throw refusal("has no number from 0 to \(max) in \(place).\(name)")
        }
        return number
    }

    private func digest(_ json: JSONValue, _ name: String, _ place: String) throws(Complaint) -> Digest {
        guard let digest = json[name]?.text.flatMap({ Digest(hex: $0) }) else {
            throw refusal("has no SHA-256 in \(place).\(name)")
        }
        return digest
    }
}
