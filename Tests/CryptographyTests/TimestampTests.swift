import Cryptography
import SeededRandom
import Testing

@Suite(.timeLimit(.minutes(2))) struct `A timestamp` {
    private let digest = SHA256.digest("a checkpoint")
    private let nonce: [UInt8] = [0xF0, 1, 2, 3, 4, 5, 6, 7]
    private let stranger = TimestampVerdict.untrusted(reason: "unable to get local issuer certificate")

    private func request() throws -> TimestampRequest {
        try #require(TimestampRequest(of: digest, nonce: nonce))
    }

    private func token(by authority: Authority) async throws -> TimestampToken {
        let request = try request()
        let response = TimestampResponse(try await authority.answer(request.der), to: request)
        guard case .granted(let token) = response else { throw Surprise(response: response) }
        return token
    }

    private struct Surprise: Error {
        let response: TimestampResponse
    }

    // MARK: The rule

    @Test func `of a real authority verifies under its root, and says when and by whom`() async throws {
        try await Authority.with { authority in
            let token = try await token(by: authority)
            let trusted = try #require(TrustedCertificates(pem: try authority.root))
            guard case .verified(let statement, let name) = token.verify(over: digest, trusting: trusted) else {
                Issue.record("\(token.verify(over: digest, trusting: trusted))")
                return
            }
            #expect(name == "CN=Timestamps,O=Exämple")
            #expect(statement == token.statement)
            #expect(statement.digest == digest)
            #expect(statement.nonce == nonce)
            #expect(statement.policy == "1.3.6.1.4.1.99999.1")
            #expect(statement.serial == "02")
            #expect(statement.accuracyMicroseconds == 1_500_100)
        }
    }

    @Test func `is read alike by openssl, as is the request`() async throws {
        try await Authority.with { authority in
            try authority.write(request().der, to: "ours.tsq")
            let question = try await authority.openssl("ts -query -in ours.tsq -text")
            #expect(question.contains("Hash Algorithm: sha256"))
            #expect(question.contains("Nonce: 0xF001020304050607"))
            #expect(question.contains("Certificate required: yes"))
            try authority.write(try await token(by: authority).der, to: "ours.der")
            let verdict = try await authority.openssl(
                "ts -verify -digest \(digest.hex) -in ours.der -token_in -CAfile ca.pem")
            #expect(verdict.contains("Verification: OK"))
        }
    }

    @Test func `is judged by the certificates of its own time`() throws {
        let trusted = try #require(TrustedCertificates(pem: Array(TokensOf2024.root.utf8)))
        let digest = SHA256.digest("abc")
        let verdict = TimestampToken.verify(TokensOf2024.inTime, over: digest, trusting: trusted)
        let statement = try #require(TimestampToken(der: TokensOf2024.inTime)?.statement)
        #expect(verdict == .verified(statement, authority: "CN=Timestamps of 2024,O=Exämple"))
        // 2024-02-29T23:59:59.753Z
        #expect(statement.microseconds == 1_709_251_199_753_000)
        #expect(statement.serial == "0b")
        #expect(statement.nonce == [0x55, 0x06, 0x9A, 0x23, 0x3E, 0x32, 0xFE, 0xF3])
        let late = TimestampToken.verify(TokensOf2024.late, over: digest, trusting: trusted)
        #expect(late == .untrusted(reason: "certificate has expired"))
    }

    @Test(arguments: [
        (Authority.curve, "sha256"), (Authority.curve, "sha384"), ("rsa:2048", "sha256"), ("rsa:2048", "sha512"),
    ])
    func `may be signed with ECDSA or RSA, over SHA-2`(key: String, algorithm: String) async throws {
        try await Authority.with { authority in
            try await authority.issue("other", Authority.subject, key: key)
            let token = try await token(by: authority)
            let signed = try await authority.sign(contentOf: token.der, as: "other", digest: algorithm)
            let verdict = TimestampToken.verify(
                signed, over: digest, trusting: try #require(TrustedCertificates(pem: try authority.root)))
            #expect(verdict == .verified(token.statement, authority: "CN=Timestamps,O=Exämple"))
        }
    }

    @Test func `may bring the certificates on the way to its root`() async throws {
        try await Authority.with { authority in
            try await authority.issue("middle", "/CN=Middle", extensions: ["basicConstraints=critical,CA:TRUE"])
            try await authority.issue("leaf", Authority.subject, by: "middle")
            let token = try await token(by: authority)
            let trusted = try #require(TrustedCertificates(pem: try authority.root))
            let whole = try await authority.sign(contentOf: token.der, as: "leaf", enclosing: "middle")
            let verdict = TimestampToken.verify(whole, over: digest, trusting: trusted)
            #expect(verdict == .verified(token.statement, authority: "CN=Timestamps,O=Exämple"))
            let bare = try await authority.sign(contentOf: token.der, as: "leaf")
            #expect(TimestampToken.verify(bare, over: digest, trusting: trusted) == stranger)
        }
    }

    @Test func `is verified on many threads with one list of certificates`() async throws {
        let trusted = try #require(TrustedCertificates(pem: Array(TokensOf2024.root.utf8)))
        let (right, wrong) = (SHA256.digest("abc"), SHA256.digest("abd"))
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let digest = number.isMultiple(of: 3) ? wrong : right
                    let token = number.isMultiple(of: 2) ? TokensOf2024.inTime : TokensOf2024.late
                    let verdict = TimestampToken.verify(token, over: digest, trusting: trusted)
                    switch verdict {
                    case .verified: return digest == right && token == TokensOf2024.inTime
                    case .untrusted: return digest == right && token == TokensOf2024.late
                    default: return verdict == .otherImprint && digest == wrong
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    // MARK: The edge

    @Test func `needs a nonce of 8 to 20 bytes, which is a number`() throws {
        #expect(TimestampRequest(of: digest, nonce: [UInt8](repeating: 1, count: 7)) == nil)
        #expect(TimestampRequest(of: digest, nonce: [UInt8](repeating: 1, count: 21)) == nil)
        let request = try #require(TimestampRequest(of: digest, nonce: [0, 0, 1, 2, 3, 4, 5, 6]))
        #expect(request.nonce == [1, 2, 3, 4, 5, 6])
    }

    @Test func `is refused with the authority's words when it does not grant one`() async throws {
        try await Authority.with { authority in
            let request = try request()
            let response = TimestampResponse(
                try await authority.answer(request.der, configuration: "strict.cnf"), to: request)
            guard case .refused(.notGranted(let status, let failures, let text)) = response else {
                Issue.record("\(response)")
                return
            }
            #expect(status == 2)
            #expect(failures == ["badAlg"])
            #expect(text.contains("Message digest algorithm is not supported"))
        }
    }

    @Test func `is refused with no more of the authority's words than a line holds`() throws {
        // TimeStampResp { PKIStatusInfo { 2, { "x\n…" }, { bit 0 } } }
        let said = "x\n\u{202E}" + String(repeating: "y", count: 5_000)
        let words = DER.element(0x30, DER.element(0x0C, Array(said.utf8)))
        let info = DER.element(0x30, [0x02, 0x01, 0x02] + words + [0x03, 0x02, 0x05, 0x20])
        let text = "x  " + String(repeating: "y", count: TimestampResponse.textLengthMax - 3)
        let refusal = TimestampRefusal.notGranted(status: 2, failures: ["badRequest"], text: text)
        #expect(TimestampResponse(DER.element(0x30, info), to: try request()) == .refused(refusal))
        #expect(refusal.description.hasPrefix("the authority did not grant a timestamp (status 2): badRequest, x  yyy"))
    }

    @Test func `is refused when it is too large, is none, or is none that says granted`() throws {
        let request = try request()
        let large = [UInt8](repeating: 0x30, count: TimestampResponse.sizeMax + 1)
        #expect(TimestampResponse(large, to: request) == .refused(.tooLarge(limit: TimestampResponse.sizeMax)))
        #expect(TimestampResponse(Array("<html>".utf8), to: request) == .refused(.malformed))
        #expect(TimestampResponse([], to: request) == .refused(.malformed))
        let granted = DER.element(0x30, DER.element(0x30, [0x02, 0x01, 0x00]))
        #expect(TimestampResponse(granted, to: request) == .refused(.malformed))
        #expect(TimestampToken(der: large) == nil)
    }

    // MARK: The attack

    @Test func `with any bit turned over is refused`() throws {
        let trusted = try #require(TrustedCertificates(pem: Array(TokensOf2024.root.utf8)))
        let digest = SHA256.digest("abc")
        var token = TokensOf2024.inTime
        for index in token.indices {
            for bit in 0..<8 {
                token[index] ^= 1 << bit
                if case .verified = TimestampToken.verify(token, over: digest, trusting: trusted) {
                    Issue.record("bit \(bit) of byte \(index) does not count")
                }
                token[index] ^= 1 << bit
            }
        }
    }

    @Test func `mangled at random never says another thing than its authority did`() throws {
        let trusted = try #require(TrustedCertificates(pem: Array(TokensOf2024.root.utf8)))
        let statement = try #require(TimestampToken(der: TokensOf2024.inTime)?.statement)
        let request = try request()
        var random = SplitMix64()
        for _ in 0..<2_000 {
            var bytes = TokensOf2024.inTime
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let start = Int.random(in: bytes.indices, using: &random)
                let end = min(bytes.count, start + Int.random(in: 0..<3, using: &random))
                let count = Int.random(in: 0..<3, using: &random)
                bytes.replaceSubrange(start..<end, with: (0..<count).map { _ in .random(in: 0...255, using: &random) })
            }
            let verdict = TimestampToken.verify(bytes, over: SHA256.digest("abc"), trusting: trusted)
            if case .verified(let said, _) = verdict { #expect(said == statement) }
            let response = DER.element(0x30, [0x30, 0x03, 0x02, 0x01, 0x00] + bytes)
            guard case .refused = TimestampResponse(response, to: request) else {
                Issue.record("a token of another request is taken")
                return
            }
        }
    }

    @Test func `cut short anywhere, or with bytes behind it, is refused`() async throws {
        let trusted = try #require(TrustedCertificates(pem: Array(TokensOf2024.root.utf8)))
        let token = TokensOf2024.inTime
        let digest = SHA256.digest("abc")
        for end in token.indices {
            let cut = Array(token[..<end])
            guard case .malformed = TimestampToken.verify(cut, over: digest, trusting: trusted) else {
                Issue.record("\(end) bytes are taken for a token")
                continue
            }
            #expect(TimestampToken(der: cut) == nil)
        }
        let longer = TimestampToken.verify(token + [0], over: digest, trusting: trusted)
        #expect(longer == .malformed(reason: "bytes follow it"))
        try await Authority.with { authority in
            let request = try request()
            let answer = try await authority.answer(request.der)
            for end in answer.indices {
                #expect(TimestampResponse(Array(answer[..<end]), to: request) == .refused(.malformed), "\(end) bytes")
            }
            #expect(TimestampResponse(answer + [0], to: request) == .refused(.malformed))
        }
    }

    @Test func `of another request is refused`() async throws {
        try await Authority.with { authority in
            let answer = try await authority.answer(request().der)
            let later = try #require(TimestampRequest(of: digest, nonce: nonce.map { $0 ^ 1 }))
            #expect(TimestampResponse(answer, to: later) == .refused(.otherNonce))
            let other = try #require(TimestampRequest(of: SHA256.digest("another"), nonce: nonce))
            #expect(TimestampResponse(answer, to: other) == .refused(.otherImprint))
            // Without a nonce, and over a digest of another algorithm: what openssl asks for.
            try await authority.openssl("ts -query -digest \(digest.hex) -sha256 -no_nonce -cert -out bare.tsq")
            let bare = try await authority.answer(authority.read("bare.tsq"))
            #expect(TimestampResponse(bare, to: try request()) == .refused(.otherNonce))
            let long = digest.hex + digest.hex
            try await authority.openssl("ts -query -digest \(long) -sha512 -cert -out long.tsq")
            let strict = try await authority.answer(authority.read("long.tsq"), configuration: "strict.cnf")
            #expect(TimestampResponse(strict, to: try request()) == .refused(.otherAlgorithm))
        }
    }

    @Test func `does not verify over another digest, nor under another root`() async throws {
        try await Authority.with { authority in
            let token = try await token(by: authority)
            let trusted = try #require(TrustedCertificates(pem: try authority.root))
            #expect(token.verify(over: SHA256.digest("another"), trusting: trusted) == .otherImprint)
            let others = try #require(TrustedCertificates(pem: Array(TokensOf2024.root.utf8)))
            #expect(token.verify(over: digest, trusting: others) == stranger)
        }
    }

    @Test func `signed with a certificate for something else, of somebody else, or too weak is refused`() async throws {
        try await Authority.with { authority in
            try await authority.issue("web", Authority.subject, extensions: ["extendedKeyUsage=serverAuth"])
            try await authority.issue("second", "/CN=Second")
            try await authority.issue("weak", Authority.subject, key: "rsa:1024")
            // Not before: a certificate of a later second than the token's would be refused for that.
            let token = try await token(by: authority)
            let trusted = try #require(TrustedCertificates(pem: try authority.root))
            for (name, reason) in [
                ("web", "unsuitable certificate purpose"),
                ("second", "the token names another authority than its certificate"),
                ("weak", "EE certificate key too weak"),
            ] {
                let signed = try await authority.sign(contentOf: token.der, as: name)
                let verdict = TimestampToken.verify(signed, over: digest, trusting: trusted)
                #expect(verdict == .untrusted(reason: reason), "\(name)")
            }
        }
    }

    @Test func `with the signature of another content is refused`() async throws {
        try await Authority.with { authority in
            let trusted = try #require(TrustedCertificates(pem: try authority.root))
            let one = try await token(by: authority).der
            let other = try await token(by: authority).der
            // A P-256 signature is the end of the token, and its length varies by a byte or two.
            var forged = one
            forged.replaceSubrange((one.count - 16)..., with: other.suffix(16))
            #expect(TimestampToken.verify(forged, over: digest, trusting: trusted) == .badSignature)
        }
    }

    @Test func `trusts nobody where the list of certificates is empty, torn or locked`() throws {
        let root = Array(TokensOf2024.root.utf8)
        #expect(TrustedCertificates(pem: root + [0x0A] + root)?.count == 2)
        #expect(TrustedCertificates(pem: []) == nil)
        #expect(TrustedCertificates(pem: Array("no certificate".utf8)) == nil)
        #expect(TrustedCertificates(pem: root + [0x0A] + Array(root.dropLast(40))) == nil)
        var damaged = root
        damaged[100] = UInt8(ascii: "!")
        #expect(TrustedCertificates(pem: root + [0x0A] + damaged) == nil)
        #expect(TrustedCertificates(pem: [UInt8](repeating: 0x0A, count: TrustedCertificates.sizeMax + 1)) == nil)
    }
}
