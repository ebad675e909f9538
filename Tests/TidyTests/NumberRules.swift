import Testing

/// A number from outside is bounded where it is read (``WholeNumber``), as far as a look at the text can tell.
@Suite struct `A number from outside` {
    private let tree = SourceTree()

    /// Readers whose largest value is in the form of what they read: so many digits, bits or bytes.
    private static let fixedWidths: Set<String> = [
        "Sources/Compression/LittleEndian.swift", "Sources/Cryptography/Timestamps/GeneralizedTime.swift",
        "Sources/Cryptography/Timestamps/TimestampStatement.swift", "Sources/Cryptography/Base64URL.swift",
        "Sources/Ledger/DateTimeScanner.swift", "Sources/Ledger/Timestamp+Canonical.swift",
        "Sources/Ledger/Note/NoteKey.swift", "Sources/MailAuthentication/DNS/DNSMessageReader.swift",
        "Sources/Postgres/CopyReader.swift",
    ]
    /// Readers of JSON, which takes integers within ±(2^53-1) and no others.
    private static let profile: Set<String> = [
        "Sources/Ledger/Entry/EntryMembers.swift", "Sources/Ledger/JSON/CanonicalScanner.swift",
        "Sources/Ledger/JSON/JSONReader.swift",
    ]
    /// What the machine says of itself, and what was judged before: signs, single digits, and no arithmetic after it.
    private static let texts: Set<String> = [
        "Sources/EmbeddedPostgres/PostgresSearch.swift", "Sources/EmbeddedPostgres/ServerSettings.swift",
        "Sources/EmbeddedPostgres/PostmasterControl.swift", "Sources/MailAuthentication/DNS/IPAddress.swift",
        "Sources/MailAuthentication/Reports/XMLReader+Lexical.swift", "Sources/Postgres/ConnectionTarget.swift",
    ]
    /// Where a wide number becomes a narrow one that it is known to fit: lengths for C, columns, single digits.
    private static let narrowings: Set<String> = [
        "Sources/CountersignCommand/Import/LineReader.swift", "Sources/Cryptography/Base64.swift",
        "Sources/Cryptography/Base64URL.swift", "Sources/Cryptography/Hex.swift",
        "Sources/Cryptography/RSAPublicKey.swift", "Sources/Cryptography/Random.swift",
        "Sources/Cryptography/Timestamps/TimestampRequest.swift",
        "Sources/Cryptography/Timestamps/TimestampStatement.swift",
        "Sources/Cryptography/Timestamps/TimestampToken.swift",
        "Sources/Cryptography/Timestamps/TrustedCertificates.swift",
        "Sources/Files/InputFile.swift",
        "Sources/Identities/Reports/DMARCReports.swift", "Sources/Identities/Reports/ReportRows.swift",
        "Sources/Ledger/JSON/CanonicalWriter.swift", "Sources/Ledger/JSON/JSONReader.swift",
        "Sources/Ledger/Names/ALabels.swift",
        "Sources/Ledger/Timestamp.swift", "Sources/LedgerStore/Append/NewRows.swift",
        "Sources/LedgerStore/Read/Cursor.swift", "Sources/LedgerStore/Read/TreeSQL.swift",
        "Sources/LedgerStore/Schema/Migrator.swift", "Sources/LedgerStore/Tokens/BearerToken.swift",
        "Sources/LedgerStore/Verification/Verifier+Range.swift",
        "Sources/MailAuthentication/DNS/DNSMessageReader.swift",
        "Sources/MailAuthentication/DNS/IPAddress.swift", "Sources/MailAuthentication/Reports/XMLTranscoder.swift",
        "Sources/MailAuthentication/SPF/SPFMechanism.swift", "Sources/NameResolution/UnboundContext.swift",
        "Sources/Postgres/ColumnValues.swift", "Sources/Postgres/CopyFormat.swift",
        "Sources/Postgres/Handle+Copy.swift",
        "Sources/Postgres/Handle.swift", "Sources/Postgres/NoticeLog.swift", "Sources/Postgres/PostgresAddress.swift",
        "Sources/Postgres/PostgresEncodable.swift", "Sources/Postgres/QueryResult.swift",
    ]

    private func sources() throws -> [SourceTree.File] { try tree.files(in: "Sources", suffix: ".swift") }

    @Test func `no reader of one does without its largest value`() throws {
        let reader = /\bfunc (?:number|integer|int|digits|wholeNumber)[A-Za-z]*(?:<[^>]*>)?\((?<parameters>.*)/
        let bound = /[mM]ax\b|\bin range:|\bclampedTo\b/
        let number = /-> U?Int(?:8|16|32|64)?\??(?:$|\W)/
        let known = Self.fixedWidths.union(Self.profile)
        for file in try sources() where !known.contains(file.path) {
            for (index, line) in file.lines.enumerated() {
                guard let found = line.firstMatch(of: reader) else { continue }
                // A signature may take several lines.
                var parameters = String(found.parameters)
                for next in file.lines[(index + 1)...].prefix(4) where !parameters.contains("{") { parameters += next }
                guard parameters.prefix(while: { $0 != "{" }).contains(number) else { continue }
                #expect(
                    parameters.contains(bound),
                    "\(file.path):\(index + 1) reads a number: give it `max:` or `in range:`, or name its width here")
            }
        }
    }

    @Test func `none comes from a text but through WholeNumber`() throws {
        let conversion =
            /\bU?Int\d*\((?:String\(|text\)|digits\)|.*radix:)|[mM]ap ?(?:\(U?Int\d*\.init\)|\{ U?Int\d*\(\$0\) \})/
        for file in try sources() where !Self.texts.contains(file.path) {
            for (index, line) in file.lines.enumerated() where line.contains(conversion) {
                // From one width of integers to another, for columns.
                let isOfIntegers = ["seqs.map", "places.map", ".map(Int64.init)", ".map(Int32.init)", ".map(Int.init)"]
                    .contains {
                        line.contains($0)
                    }
                #expect(isOfIntegers, "\(file.path):\(index + 1) reads a number without its largest value: \(line)")
            }
        }
    }

    @Test func `none is made narrower but where it is known to fit`() throws {
        let narrowing = /(?:^|[^A-Za-z])(?:Int8|UInt8|Int16|UInt16|Int32)\((?<argument>\w+:|.)/
        let labels: Set = ["ascii:", "truncatingIfNeeded:", "clamping:", "bitPattern:", "exactly:", "bigEndian:", ")"]
        for file in try sources() where !Self.narrowings.contains(file.path) {
            for (index, line) in file.lines.enumerated() {
                let isNarrowed = line.matches(of: narrowing).contains { !labels.contains(String($0.argument)) }
                #expect(!isNarrowed, "\(file.path):\(index + 1): say clamping, exactly or truncatingIfNeeded: \(line)")
            }
        }
    }

    @Test func `none of the command line is a bare integer`() throws {
        let variable = /^\s*var \w+(?:: (?:Int|Double|UInt)\w*\??| = -?[0-9_.]+)$/
        for file in try tree.files(in: "Sources/CountersignCommand", suffix: ".swift") {
            for (index, line) in file.lines.enumerated() where line.contains(variable) {
                let before = file.lines[..<index].reversed()
                let declaration = before.prefix { !$0.hasPrefix("    var ") && !$0.hasSuffix("}") && !$0.isEmpty }
                let isArgument = declaration.contains { $0.contains("@Option") || $0.contains("@Argument") }
                let isBounded = declaration.contains { $0.contains("transform: NumberArgument.") }
                #expect(!isArgument || isBounded, "\(file.path):\(index + 1) takes any number: \(line)")
            }
        }
    }

    @Test func `no moment is reckoned with but by what ends at the last one`() throws {
        let arithmetic = /Timestamp\(microseconds: .* [-+*] |components\.seconds \*/
        let own: Set = ["Sources/Ledger/Timestamp.swift", "Sources/CountersignCommand/Wiring/Clock.swift"]
        for file in try sources() where !own.contains(file.path) {
            for (index, line) in file.lines.enumerated() where line.contains(arithmetic) {
                let isBounded = line.contains("dayNumbers")
                #expect(isBounded, "\(file.path):\(index + 1): add a duration to a moment instead: \(line)")
            }
        }
    }
}
