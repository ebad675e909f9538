import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import Testing

/// A time stamping authority of `openssl ts`, with a root of its own, in a temporary folder that is gone afterwards.
struct Authority {
    struct Failure: Error {
        let command: String
        let output: String
    }

    let folder: String

    /// The PEM of its root.
    var root: [UInt8] {
        get throws { try read("ca.pem") }
    }

    /// Lends a fresh authority to `body`.
    static func with(_ body: (Authority) async throws -> Void) async throws {
        let authority = Authority(folder: try makeFolder())
        do {
            try await authority.prepare()
            try await body(authority)
        } catch {
            try FileManager.default.removeItem(atPath: authority.folder)
            throw error
        }
        try FileManager.default.removeItem(atPath: authority.folder)
    }

    private static func makeFolder() throws -> String {
        var template = Array("/tmp/authority-XXXXXX".utf8CString)
        let path = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, unsafe mkdtemp(start) != nil else { return nil }
            return unsafe String(cString: start)
        }
        return try #require(path)
    }

    private func prepare() async throws {
        try await openssl("req -x509 -newkey \(Self.curve) -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Root")
        try await issue("tsa", Self.subject)
        try write(Array("01".utf8), to: "serial")
        for (name, digest) in [("tsa.cnf", "sha256"), ("strict.cnf", "sha512")] {
            let configuration = """
                [tsa]
                default_tsa = authority
                [authority]
                serial = serial
                signer_cert = tsa.pem
                signer_key = tsa.key
                signer_digest = sha256
                default_policy = 1.3.6.1.4.1.99999.1
                digests = \(digest)
                accuracy = secs:1, millisecs:500, microsecs:100
                clock_precision_digits = 6
                tsa_name = yes
                ess_cert_id_alg = sha256
                """
            try write(Array(configuration.utf8), to: name)
        }
    }

    static let subject = "/O=Exämple/CN=Timestamps"
    static let curve = "ec -pkeyopt ec_paramgen_curve:P-256"

    /// Makes `name.key` and `name.pem`, signed by `issuer`.
    func issue(
        _ name: String, _ subject: String, by issuer: String = "ca", key: String = curve,
        extensions: [String] = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=critical,timeStamping"]
    ) async throws {
        try await openssl(
            "req -x509 -CA \(issuer).pem -CAkey \(issuer).key -newkey \(key) -nodes -keyout \(name).key -days 30 "
                + "-out \(name).pem -utf8 -subj \(subject) "
                + extensions.map { "-addext \($0)" }.joined(separator: " "))
    }

    /// The authority's answer to `request`: a TimeStampResp.
    func answer(_ request: [UInt8], configuration: String = "tsa.cnf") async throws -> [UInt8] {
        try write(request, to: "request.tsq")
        try await openssl("ts -reply -config \(configuration) -queryfile request.tsq -out answer.tsr")
        return try read("answer.tsr")
    }

    /// A token with the content of `token` that somebody else signs with `name.key`. It holds the certificate of the
    /// signer, and that of `enclosing`.
    func sign(
        contentOf token: [UInt8], as name: String, digest: String = "sha256", enclosing: String? = nil
    ) async throws -> [UInt8] {
        try write(token, to: "token.der")
        try await openssl("cms -verify -noverify -inform DER -in token.der -binary -out content.der")
        try await openssl(
            "cms -sign -binary -nodetach -nosmimecap -cades -md \(digest) -signer \(name).pem -inkey \(name).key "
                + "-econtent_type id-smime-ct-TSTInfo -in content.der -outform DER -out signed.der"
                + (enclosing.map { " -certfile \($0).pem" } ?? ""))
        return try read("signed.der")
    }

    /// Runs openssl in the folder with the words of `command`, and returns what it printed.
    @discardableResult
    func openssl(_ command: String) async throws -> String {
        let words = command.split(separator: " ").map(String.init)
        let result = try await Subprocess.run(
            .name("openssl"), arguments: Arguments(words), workingDirectory: FilePath(folder),
            output: .string(limit: 1 << 20), error: .combinedWithOutput)
        guard result.terminationStatus.isSuccess else {
            throw Failure(command: command, output: result.standardOutput)
        }
        return result.standardOutput
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))) }
}
