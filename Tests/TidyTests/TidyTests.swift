import FoundationEssentials
import Testing

/// The rules of the house (ARCHITECTURE.md), held by reading the sources.
@Suite struct `The house` {
    private let tree = SourceTree()

    /// Which of our modules each module may import. What is not listed imports none of ours.
    private static let arrows: [String: Set<String>] = [
        "Cryptography": ["CLibCrypto"],
        "Compression": ["CZlib"],
        "Ledger": ["CIDN2", "CUnistring", "Cryptography"],
        "MailAuthentication": ["Cryptography", "Ledger"],
        "NameResolution": ["CLibUnbound", "Ledger", "MailAuthentication"],
        "Outbound": ["CLibCurl"],
        "Postgres": ["CLibPQ"],
        "LedgerStore": ["Cryptography", "Files", "Ledger", "Observation", "Postgres"],
        "EmbeddedPostgres": ["Files"],
        "Checkpoints": [
            "Cryptography", "Files", "Ledger", "LedgerStore", "Observation", "Outbound", "Postgres",
        ],
        "Identities": [
            "Compression", "Cryptography", "Ledger", "LedgerStore", "MailAuthentication", "Observation", "Postgres",
        ],
        "Server": [
            "Checkpoints", "Cryptography", "Identities", "Ledger", "LedgerStore", "MailAuthentication", "Observation",
            "Witness",
        ],
        "Witness": ["Cryptography", "Files", "Ledger", "Observation"],
        "CountersignCommand": [
            "Checkpoints", "Cryptography", "EmbeddedPostgres", "Files", "Identities", "Ledger", "LedgerStore",
            "MailAuthentication", "NameResolution", "Observation", "Outbound", "Postgres", "Server", "Witness",
        ],
    ]
    private static let modules: Set<String> = [
        "CIDN2", "CLibCrypto", "CLibCurl", "CLibPQ", "CLibUnbound", "CUnistring", "CZlib", "Checkpoints", "Compression",
        "CountersignCommand", "Cryptography", "EmbeddedPostgres", "Files", "Identities", "Ledger", "LedgerStore",
        "MailAuthentication", "NameResolution", "Observation", "Outbound", "Postgres", "Server", "Witness",
    ]
    private static let widthMax = 120
    private static let fileLinesMax = 400
    private static let functionLinesMax = 70
    private static let bannedNames = ["Utils", "Util", "Helper", "Helpers", "Manager", "Common", "Impl", "Base", "New"]

    private func imports(of file: SourceTree.File) -> [String] {
        file.lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let position = words.firstIndex(of: "import"), position <= 1, position + 1 < words.count,
                !line.hasPrefix(" ")
            else { return nil }
            return String(words[position + 1])
        }
    }

    @Test func `each module imports only the modules that the plan allows`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") {
            for module in imports(of: file) where Self.modules.contains(module) {
                #expect(
                    Self.arrows[file.target]?.contains(module) == true, "\(file.path) must not import \(module)")
            }
        }
    }

    @Test func `every module of ours is in the plan`() throws {
        let targets = Set(try tree.files(in: "Sources", suffix: ".swift").map(\.target))
        #expect(targets.isSubset(of: Self.modules), "\(targets.subtracting(Self.modules))")
    }

    @Test func `the pure core knows no clock, randomness, network or database`() throws {
        let impure = ["Foundation", "FoundationEssentials", "Glibc", "Dispatch", "NIOCore"]
        let core = try ["Ledger", "MailAuthentication"].flatMap {
            try tree.files(in: "Sources/\($0)", suffix: ".swift")
        }
        for file in core {
            for module in imports(of: file) {
                #expect(!impure.contains(module), "\(file.path) imports \(module)")
            }
            for line in file.lines {
                #expect(!line.contains("Random.bytes("), "\(file.path): randomness comes in as a value")
                #expect(!line.contains("Clock.now"), "\(file.path): time comes in as a value")
            }
        }
    }

    @Test func `SQL stands in the modules that own it`() throws {
        let owners: Set = ["LedgerStore", "Identities", "CountersignCommand", "Postgres", "EmbeddedPostgres"]
        for file in try tree.files(in: "Sources", suffix: ".swift") where !owners.contains(file.target) {
            for line in file.lines {
                let isSQL = ["SELECT ", "INSERT INTO", "UPDATE countersign", "DELETE FROM"].contains {
                    line.contains($0)
                }
                #expect(!isSQL, "\(file.path): \(line)")
            }
        }
    }

    /// Else a planner may read a whole ledger to answer for one place of it.
    @Test func `entries are joined by their place, one at a time`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") {
            for (index, line) in file.lines.enumerated() {
                for table in ["JOIN countersign.entries", "EXISTS (SELECT FROM countersign.entries"] {
                    #expect(!line.contains(table), "\(file.path):\(index + 1): write it lateral, LIMIT 1")
                }
            }
        }
    }

    /// Else a planner may look for a ledger's first row by reading those of all others: with 1,000 ledgers, 5 s.
    @Test func `one row of a ledger is looked up in an order`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") {
            for (index, line) in file.lines.enumerated() where line.contains("LIMIT 1") {
                let condition = line.split(separator: "WHERE ledger_id = ").last ?? ""
                let isOfLedgerAlone = line.contains("WHERE ledger_id = ") && !condition.contains(" AND ")
                #expect(!isOfLedgerAlone || line.contains("ORDER BY"), "\(file.path):\(index + 1)")
            }
        }
    }

    @Test func `nothing changes or deletes an entry`() throws {
        let sources = try tree.files(in: "Sources", suffix: ".swift") + tree.files(in: "sql", suffix: ".sql")
        for file in sources {
            for line in file.lines where !line.hasPrefix("--") {
                for table in ["entries", "heads", "tiles", "hours", "entry_keys"] {
                    for verb in ["UPDATE", "DELETE FROM", "TRUNCATE"] {
                        #expect(!line.contains("\(verb) countersign.\(table)"), "\(file.path): \(line)")
                    }
                }
            }
        }
    }

    @Test func `no task is without an owner`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") {
            for line in file.lines {
                // Awaited on the spot, a task is a shield from cancellation and belongs to its caller.
                let isAwaited = line.contains("await Task {") && line.hasSuffix("}.value")
                let isUnowned = [" Task {", "(Task {", "Task.detached", " Task("].contains { line.contains($0) }
                #expect(!isUnowned || isAwaited, "\(file.path): \(line)")
            }
        }
    }

    @Test func `lines, functions and files keep their limits`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") + tree.files(in: "Tests", suffix: ".swift") {
            #expect(file.lines.count <= Self.fileLinesMax + 1, "\(file.path) has \(file.lines.count) lines")
            for (index, line) in file.lines.enumerated() {
                #expect(line.count <= Self.widthMax, "\(file.path):\(index + 1) is \(line.count) wide")
            }
            for (start, length) in functions(of: file) {
                #expect(length <= Self.functionLinesMax, "\(file.path):\(start) is \(length) lines long")
            }
        }
    }

    /// Start and length of each function: from its `func` or `init` to the closing brace with the same indentation.
    private func functions(of file: SourceTree.File) -> [(start: Int, length: Int)] {
        var open: [(start: Int, indentation: Int)] = []
        var functions: [(start: Int, length: Int)] = []
        for (index, line) in file.lines.enumerated() {
            let indentation = line.prefix { $0 == " " }.count
            let text = line.dropFirst(indentation)
            let isFunction = text.contains("func ") || text.hasPrefix("init") || text.contains(" init(")
            if isFunction, !text.hasPrefix("//"), text.hasSuffix("{") || text.hasSuffix("(") {
                open.append((index, indentation))
            } else if text == "}", let last = open.last, last.indentation == indentation {
                functions.append((last.start + 1, index - last.start + 1))
                open.removeLast()
            }
        }
        return functions
    }

    @Test func `files are named for what they hold`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") + tree.files(in: "Tests", suffix: ".swift") {
            let name = file.path.split(separator: "/").last.map { String($0.dropLast(6)) } ?? ""
            for banned in Self.bannedNames {
                #expect(!name.hasSuffix(banned), "\(file.path)")
            }
        }
    }

    @Test func `nothing is left for later, forced or switched off`() throws {
        let words = [
            "TO" + "DO", "FIX" + "ME", "try" + "!", "as" + "! ", ".dis" + "abled(", "fatal" + "Error(",
        ]
        for file in try tree.files(in: "Sources", suffix: ".swift") + tree.files(in: "Tests", suffix: ".swift") {
            for (index, line) in file.lines.enumerated() {
                for word in words {
                    #expect(!line.contains(word), "\(file.path):\(index + 1) says \(word)")
                }
            }
        }
    }

    @Test func `every file of sql is embedded in the binary`() throws {
        let manifest = try tree.file("Package.swift").lines.joined(separator: "\n")
        for file in try tree.files(in: "sql", suffix: ".sql") {
            #expect(manifest.contains("../../\(file.path)"), "\(file.path)")
        }
    }

    @Test func `the script printed in Format md is the one that the tests run`() throws {
        let script = try tree.file("Tests/Acceptance/verify_export.py").lines.joined(separator: "\n")
        let document = try tree.file("Sources/Ledger/Ledger.docc/Format.md").lines.joined(separator: "\n")
        #expect(document.contains(script))
        #expect(script.split(separator: "\n").count <= 32)
    }

    @Test func `whoever takes in a mail gives it its line ends back`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") where file.target != "MailAuthentication" {
            for line in file.lines where line.contains("RawMessage(") {
                #expect(line.contains("RawMessage(received:") || line.contains("_ message"), "\(file.path): \(line)")
            }
        }
    }

    @Test func `addresses and domains get their form in one place`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") {
            for line in file.lines where line.contains(".lowercased()") {
                let isOfAddress = ["address", "sender", "domain", "recipient", "identity", "subject"].contains {
                    line.contains($0)
                }
                #expect(!isOfAddress, "\(file.path): \(line)")
            }
        }
    }

    @Test func `every C library is known to one module only`() throws {
        for file in try tree.files(in: "Sources", suffix: ".swift") {
            let owners = [
                ("CLibPQ", "Postgres"), ("CLibCrypto", "Cryptography"), ("CLibUnbound", "NameResolution"),
                ("CZlib", "Compression"), ("CLibCurl", "Outbound"), ("CIDN2", "Ledger"), ("CUnistring", "Ledger"),
            ]
            for (library, owner) in owners {
                #expect(!imports(of: file).contains(library) || file.target == owner, "\(file.path)")
            }
        }
    }
}
