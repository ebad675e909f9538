import ArgumentParser
import Checkpoints
import Cryptography
import Ledger
import Observation
import Outbound

/// Who else stands behind checkpoints: witnesses, and a timestamp authority.
struct AssuranceOptions: ParsableArguments {
    /// Calls to others at once: for each ledger that is signed at once, every witness of a usual policy.
    private static let callsMax = 32

    @Option(
        help: ArgumentHelp(
            "Ask the witnesses of this policy (C2SP tlog-policy) to sign checkpoints.", valueName: "file"))
    var witnessPolicy: String?

    @Option(
        help: ArgumentHelp(
            "What happens where too few witnesses answer: open publishes all the same, closed does not.",
            discussion: """
                open: receipts say how much stands behind them. closed: no checkpoint is published without the quorum, \
                so that the witnesses are the fence between two hosts that both have the key.
                """))
    var witnessMode = Witnesses.Mode.open

    @Option(help: ArgumentHelp("How long one witness may take.", valueName: "duration"))
    var witnessTimeout = TimeSpan(seconds: 5)

    @Option(
        name: .customLong("timestamp-url"),
        help: ArgumentHelp(
            "Have checkpoints stamped by this authority (RFC 3161).", valueName: "url"))
    var timestampURL: String?

    @Option(
        help: ArgumentHelp(
            "The certificates that may vouch for the authority, as PEM.", valueName: "file"))
    var timestampTrust: String?

    @Option(help: ArgumentHelp("How often the newest checkpoint is stamped.", valueName: "duration"))
    var timestampInterval = TimeSpan(seconds: 3_600)

    @Option(help: ArgumentHelp("How long the authority may take.", valueName: "duration"))
    var timestampTimeout = TimeSpan(seconds: 10)

    func validate() throws {
        guard (timestampURL == nil) == (timestampTrust == nil) else {
            throw ValidationError("--timestamp-url and --timestamp-trust go together: whose certificate is it?")
        }
    }

    /// The witnesses, if any are named.
    func witnesses(observer: any Observer) throws(Complaint) -> Witnesses? {
        guard let witnessPolicy else { return nil }
        let bytes = try CheckpointFile.bytes(witnessPolicy)
        do throws(TlogPolicy.Fault) {
            return Witnesses(
                try TlogPolicy(bytes), mode: witnessMode, client: HTTPClient(callsMax: Self.callsMax),
                timeout: witnessTimeout.duration, observer: observer, clock: Clock.now)
        } catch {
            throw Complaint("\(witnessPolicy), line \(error.line): \(error.reason)", status: .usage)
        }
    }

    /// The timestamp authority, if one is named.
    func authority() throws(Complaint) -> TimestampAuthority? {
        guard let timestampURL, let timestampTrust else { return nil }
        guard let trusted = TrustedCertificates(pem: try CheckpointFile.bytes(timestampTrust)) else {
            throw Complaint("\(timestampTrust) holds no certificates in PEM", status: .usage)
        }
        return TimestampAuthority(
            url: timestampURL, trusted: trusted, client: HTTPClient(callsMax: 4), timeout: timestampTimeout.duration)
    }
}

extension Witnesses.Mode: ExpressibleByArgument {}
