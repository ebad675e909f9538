import Cryptography
import MailAuthentication
import SeededRandom
import Testing

/// Where Debian's `publicsuffix` package puts the list.
enum PublicSuffixListFile {
    static let path = "/usr/share/publicsuffix/public_suffix_list.dat"
}

@Suite struct `The Public Suffix List` {
    private func list(_ lines: String...) throws -> PublicSuffixList {
        try #require(PublicSuffixList(Array(lines.joined(separator: "\n").utf8)))
    }

    private func registrable(_ name: String, _ list: PublicSuffixList) throws -> String? {
        list.registrableDomain(of: try #require(DomainName(name)))?.text
    }

    @Test func `the longest rule counts, and one label without a rule`() throws {
        let list = try list("com", "uk.com", "a.b.uk.com")
        #expect(try registrable("x.example.com", list) == "example.com")
        #expect(try registrable("x.example.uk.com", list) == "example.uk.com")
        #expect(try registrable("x.b.uk.com", list) == "b.uk.com")
        #expect(try registrable("y.x.a.b.uk.com", list) == "x.a.b.uk.com")
        #expect(try registrable("x.example.unlisted", list) == "example.unlisted")
        #expect(try registrable("unlisted", list) == nil)
        #expect(try registrable("uk.com", list) == nil)
    }

    @Test func `a wildcard is one label, and an exception prevails over it`() throws {
        let list = try list("*.ck", "!www.ck", "jp", "*.kobe.jp", "!city.kobe.jp")
        #expect(try registrable("ck", list) == nil)
        #expect(try registrable("b.ck", list) == nil)
        #expect(try registrable("a.b.ck", list) == "a.b.ck")
        #expect(try registrable("a.www.ck", list) == "www.ck")
        #expect(try registrable("kobe.jp", list) == "kobe.jp")
        #expect(try registrable("a.b.c.kobe.jp", list) == "b.c.kobe.jp")
        #expect(try registrable("a.city.kobe.jp", list) == "city.kobe.jp")
    }

    @Test func `a rule ends at white space, comments and empty lines are none, CRLF ends a line`() throws {
        let list = try list("// a comment", "", "com\t// note", "co.uk \r", "UK\r", "a.*.b", "*", "bad..name", "x.")
        #expect(list.ruleCount == 3)
        #expect(list.ignoredLineCount == 4)
        #expect(try registrable("a.b.co.uk", list) == "b.co.uk")
    }

    @Test func `rules in Unicode match A-labels`() throws {
        let list = try list("cn", "公司.cn", "*.中国")
        #expect(try registrable("a.b.xn--55qx5d.cn", list) == "b.xn--55qx5d.cn")
        #expect(try registrable("a.b.c.xn--fiqs8s", list) == "b.c.xn--fiqs8s")
    }

    @Test func `a file without a rule is no list`() {
        #expect(PublicSuffixList([]) == nil)
        #expect(PublicSuffixList(Array("// only a comment\n".utf8)) == nil)
    }

    @Test func `the organisation of a public suffix is itself`() throws {
        let list = try list("com")
        let com = try #require(DomainName("com"))
        #expect(list.organizationalDomain(of: com) == com)
    }

    @Test func `Debian's list is read whole, and its digest is that of the file`() throws {
        let file = try Vectors.bytes(PublicSuffixListFile.path)
        let list = try #require(PublicSuffixList(file))
        #expect(list.ruleCount > 9_000)
        #expect(list.ignoredLineCount == 0)
        #expect(list.digest == SHA256.digest(file))
    }

    @Test func `each check of the list's own tests holds`() throws {
        let list = try #require(PublicSuffixList(try Vectors.bytes(PublicSuffixListFile.path)))
        let text = String(decoding: try Vectors.bytes("psl/test_psl.txt"), as: UTF8.self)
        var count = 0
        for line in text.split(separator: "\n") where line.hasPrefix("checkPublicSuffix(") {
            count += 1
            let arguments = line.dropFirst("checkPublicSuffix(".count).prefix { $0 != ")" }.split(separator: ", ")
            try #require(arguments.count == 2)
            let names = arguments.map { $0 == "null" ? "" : ascii($0.dropFirst().dropLast()) }
            // A leading dot makes no name, and so has no registrable domain.
            let found = DomainName(names[0]).flatMap { list.registrableDomain(of: $0) }
            #expect(found?.text ?? "" == names[1], "\(line)")
        }
        #expect(count == 78)
    }

    private func ascii(_ name: Substring) -> String {
        DomainName(internationalized: name)?.text ?? String(name)
    }

    @Test func `any bytes are read without a crash, and a suffix is never longer than the name`() throws {
        var random = SplitMix64()
        let seed = Array("com\n*.ck\n!www.ck\n公司.cn\nexample.co.uk\n// x\n".utf8)
        let names = ["a.b.www.ck", "com", "x.xn--55qx5d.cn", "a.example.co.uk"].compactMap { DomainName($0) }
        for _ in 0..<10_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let list = PublicSuffixList(bytes) else { continue }
            for name in names {
                #expect((0...name.labelCount).contains(list.publicSuffixLabelCount(of: name)))
            }
        }
    }
}
