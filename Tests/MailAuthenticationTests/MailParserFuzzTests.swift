import MailAuthentication
import SeededRandom
import Testing

@Suite struct `Parsers of mail under noise` {
    private static let rounds = 10_000

    private static let addresses = [
        #""Doe, Jane" <jane@good.example>, G: a@x.example, "q\""@[192.0.2.1] (c (d) e);"#,
        "<@r.example,@s.example:j . d @ x . example>, Jörg <jörg@bücher.example>, u@example.net>",
        "Undisclosed:;, a@b.c,, (only) , \"\"@x.example",
    ]
    private static let results = [
        "mx.example (c) 1; dkim/1=pass reason=\"good; \\\"x\\\"\" header.d=x.example header.b=a/b=; spf=fail",
        "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=x.example; dmarc=pass action=none header.from=y.example",
        "\"mx.example\"; none", "mx; auth=pass smtp.auth=\"a b\"@x.example; x-y=z policy.a=;",
    ]

    @Test func `no address list crashes, and its bounds hold`() {
        var random = SplitMix64()
        for round in 0..<Self.rounds {
            let seed = Array(Self.addresses[round % Self.addresses.count].utf8)
            let bytes = Mutation.mutated(seed, signs: "\"\\(),;:<>@.[] \r\n", &random)
            let list = AddressList(bytes[...])
            #expect(list.entries.count + list.groups.count <= bytes.count + 1)
            #expect(list.groups.allSatisfy { $0.members.upperBound <= list.entries.count })
            #expect(Set(list.findings).count == list.findings.count)
            #expect(list == AddressList(([0] + bytes)[1...]))
            for mailbox in list.mailboxes {
                if case .name(let domain) = mailbox.domain { #expect(domain.isHostName) }
                // What we write of an address reads back as the address.
                let written = AddressList(Array(mailbox.address.utf8)[...])
                #expect(written.mailboxes.first?.localPart == mailbox.localPart, "\(mailbox.address)")
                #expect(written.mailboxes.first?.domain == mailbox.domain && written.unusable.isEmpty)
            }
            let field = HeaderField(raw: Array("From:".utf8) + bytes)
            let author = AuthorField(fields: [field].compactMap { $0 })
            if let domain = author.authorDomain {
                #expect(author.unusable.isEmpty && author.domains == [domain])
                #expect(author.mailboxes.allSatisfy { $0.domain == .name(domain) } && !author.mailboxes.isEmpty)
            } else {
                #expect(author.findings.contains { $0.preventsEvaluation })
            }
        }
    }

    @Test func `no Message-ID crashes, and what is read is one visible word`() {
        var random = SplitMix64()
        for _ in 0..<Self.rounds {
            let seed = Array(" (c) <a.b@[192.0.2.1]>\r\n (d)".utf8)
            let bytes = Mutation.mutated(seed, signs: "<>@.\"()[] \r\n", &random)
            guard let field = HeaderField(raw: Array("Message-ID:".utf8) + bytes) else { continue }
            let read = MessageIDField(fields: [field])
            #expect((read.id == nil) == read.findings.contains(.unusable))
            guard let id = read.id else { continue }
            #expect(id.utf8.first == UInt8(ascii: "<") && id.utf8.last == UInt8(ascii: ">"))
            #expect(id.utf8.dropFirst().dropLast().allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x3C && $0 != 0x3E })
            #expect(id.utf8.count <= MessageIDField.sizeMax)
        }
    }

    @Test func `no field of results crashes, and what is read can be written and read again`() throws {
        var random = SplitMix64()
        var written = 0
        for round in 0..<Self.rounds {
            let seed = Array(Self.results[round % Self.results.count].utf8)
            let bytes = Mutation.mutated(seed, signs: "\"\\();=./@ \r\n", &random)
            guard case .success(let reading) = AuthenticationResultsReading.read(bytes[...]) else { continue }
            let content = reading.content
            guard let field = try? AuthenticationResultsWriter.field(content) else { continue }
            let again = try AuthenticationResultsReading.read(try #require(HeaderField(raw: field)).body).get()
            #expect(again.content == content, "\(String(decoding: bytes, as: UTF8.self))")
            #expect(again.deviations.isEmpty)
            written += 1
        }
        #expect(written > Self.rounds / 20)
    }

    @Test func `every content is refused or reads back as what was meant`() throws {
        var random = SplitMix64()
        let pieces = [
            "a", "@", ".", "x.example", "\"", "\\", "(", ")", ";", "=", " ", "/", "é", "\r\n", "none", "\t", "-",
        ]
        let word = { (random: inout SplitMix64) in
            (0..<Int.random(in: 0...5, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
        }
        var written = 0
        for _ in 0..<Self.rounds {
            let properties = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                AuthenticationResults.Property(type: "header", name: "b", value: word(&random))
            }
            let result = AuthenticationResults.MethodResult(
                method: "dkim", methodVersion: Int.random(in: 1...3, using: &random), result: "pass",
                reason: Bool.random(using: &random) ? word(&random) : nil, properties: properties)
            let content = AuthenticationResults(
                authservID: word(&random), results: Bool.random(using: &random) ? [result] : [])
            guard let field = try? AuthenticationResultsWriter.field(content) else { continue }
            let message = RawMessage(field + [0x0D, 0x0A])
            try #require(message.fields.count == 1 && message.strayLineCount == 0)
            let reading = try AuthenticationResultsReading.read(message.fields[0].body).get()
            #expect(reading.content == content && reading.deviations.isEmpty)
            written += 1
        }
        #expect(written > Self.rounds / 20)
    }
}
