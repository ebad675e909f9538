import Ledger
import LedgerStore
import MailAuthentication

/// What the entry of a check holds, sealed values included: all that is needed to run it again.
struct RecordedCheck {
    enum Subject {
        case identity(SenderIdentity)
        case spf(SPFRequest, SPFScope)
        /// The envelope, the SHA-256 of the message in hex, and whose claims were trusted.
        case message(MessageEnvelope, rawDigest: String, trust: AuthenticationResultsTrust)
    }

    let subject: Subject
    /// The moment as of which it judged.
    let time: Timestamp
    let result: JSONValue
    let engine: String
    /// The facts that its caller gave, by name.
    let claimed: [String]
    /// The digest of the list of public suffixes, in hex.
    let list: String?
    /// The digests of the evidence, in hex.
    let evidence: [String]

    private static let noCheck = Refusal(.invalidParameter, "the entry is no check that this service recorded")

    init(_ stored: StoredEntry) throws {
        guard let entry = try? Entry(line: Array(stored.line.utf8)), entry.kind == Kind.verification.rawValue,
            Reporter.Via(rawValue: entry.via)?.isProducer == false, let data = entry.json["data"],
            let event = data["event"]?.text.flatMap(VerificationEvent.Name.init(rawValue:)),
            let engine = data["engine"]?.text
        else { throw Self.noCheck }
        self.engine = engine
        list = data["public_suffix_list"]?.text
        claimed = data["claimed"]?.elements?.compactMap(\.text) ?? []
        let opened = stored.disclosures.compactMap(\.content).map { ($0.name, $0.value) }
        let sealed = Dictionary(opened) { first, _ in first }
        evidence =
            sealed["evidence"]?.text?.split(separator: " ").map(String.init)
            ?? data["evidence"]?.elements?.compactMap(\.text) ?? []
        switch event {
        case .identity:
            guard let name = data["identity"]?.text, let settings = data["settings"],
                let result = sealed["result"] ?? data["result"],
                let time = result["evaluated_at"]?.text.flatMap({ Timestamp($0) })
            else { throw Self.noCheck }
            subject = .identity(try IdentitySettings(json: settings).identity(of: IdentityName(name).domain))
            self.time = time
            self.result = result
        case .message:
            guard let result = sealed["result"], let envelope = sealed["envelope"].map(Self.envelope),
                let rawDigest = result["message"]?["raw_sha256"]?.text,
                let time = data["as_of"]?.text.flatMap({ Timestamp($0) })
            else { throw Self.notKept }
            let trusted = data["trusted_authserv_ids"]?.elements?.compactMap(\.text) ?? []
            subject = .message(envelope, rawDigest: rawDigest, trust: AuthenticationResultsTrust(trusted))
            self.time = time
            self.result = result
        case .spf:
            guard let result = sealed["result"], let envelope = sealed["envelope"].map(Self.envelope),
                let client = envelope.client, let scope = result["scope"]?.text.flatMap(SPFScope.init(rawValue:))
            else { throw Self.notKept }
            subject = .spf(
                SPFRequest(client: client, helo: envelope.helo ?? "", mailFrom: envelope.mailFrom ?? ""), scope)
            time = entry.recordedAt
            self.result = result
        }
    }

    private static let notKept = StoreError(
        .notFound, "the result of this check is not kept any more, or was too large to be kept: it cannot be repeated")

    private static func envelope(_ json: JSONValue) -> MessageEnvelope {
        MessageEnvelope(
            client: json["ip"]?.text.flatMap { IPAddress(text: $0) }, helo: json["helo"]?.text,
            mailFrom: json["mail_from"]?.text)
    }
}
