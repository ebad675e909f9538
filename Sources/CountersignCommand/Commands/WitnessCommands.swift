import ArgumentParser
import Cryptography
import Files
import Ledger
import Logging
import Observation
import Server
import ServiceLifecycle
import UnixSignals
import Witness

/// `countersign witness`
struct WitnessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "Watch over other ledgers: cosign their checkpoints while they only grow.",
        discussion: """
            A witness remembers the last checkpoint of each ledger that it knows, and cosigns a new one only with the \
            proof that it continues that one (C2SP tlog-witness). Run it on another host than the ledger's, under \
            somebody else's hands: then whoever rewrites the ledger is found out by it.
            """,
        subcommands: [WitnessServe.self, WitnessNewKey.self])
}

/// `countersign witness serve`
struct WitnessServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run a witness.",
        discussion: """
            The policy names the ledgers by their public keys, a line `log VKEY` for each, and ends with \
            `quorum none`. The directory holds what was cosigned last; it must never be set back to an older state, \
            for the witness would then cosign a second history. Several processes may share it. It speaks plain \
            HTTP: a proxy in front brings TLS.

            SIGTERM or Ctrl-C answers what is open and stops. The log goes to standard error.

            Example:
                countersign witness serve --dir /var/lib/witness --key witness.key \\
                    --policy ledgers.policy --listen 127.0.0.1:8181
            """)

    /// Connections at the same time; a log needs one.
    private static let connectionsMax = 512
    /// How long a request may take to come in.
    private static let receiveTimeout = Duration.seconds(20)

    @Option(help: ArgumentHelp("What was cosigned last is kept here.", valueName: "directory"))
    var dir: String
    @Option(help: ArgumentHelp("The file of the witness's key, by `countersign witness new-key`.", valueName: "file"))
    var key: String
    @Option(help: ArgumentHelp("The ledgers that are known (C2SP tlog-policy).", valueName: "file"))
    var policy: String
    @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "host:port"))
    var listen = ListenAddress.witness
    @Option(help: "How the log is written: auto, text or json.")
    var logFormat = LogFormat.auto
    @Option(help: "The least severe level that is logged.")
    var logLevel = LogLevel.info

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let signer = try signer()
        let logs = try logs(besides: signer)
        let logger = logFormat.logger(level: logLevel)
        let metrics = PrometheusMetrics(help: MetricsObserver.help)
        let observer = ObserverGroup(LogObserver(logger: logger), MetricsObserver(factory: metrics))
        let cosigner: Cosigner
        do throws(WitnessError) {
            cosigner = Cosigner(
                signer, logs: logs, folder: try WitnessFolder(dir), observer: observer, clock: Clock.now)
            try cosigner.check()
        } catch {
            throw Complaint(error)
        }
        try await serve(cosigner, signals, observer, metrics, logger)
    }

    private func signer() throws(Complaint) -> NoteSigner {
        let signer = try SigningKeyFile.read(key).signer
        guard signer.key.kind == .cosignature else {
            throw Complaint(
                "\(key) is the key of a ledger", next: "make one for this witness: `countersign witness new-key`",
                status: .usage)
        }
        return signer
    }

    private func logs(besides signer: NoteSigner) throws(Complaint) -> [NoteKey] {
        let content: [UInt8]
        do throws(Complaint) {
            content = try InputFile.content(of: policy, sizeMax: TlogPolicy.sizeMax, what: "a policy")
        } catch {
            throw Complaint("\(policy) cannot be read: \(error.reason)", status: .usage)
        }
        let logs: [NoteKey]
        do throws(TlogPolicy.Fault) {
            logs = try TlogPolicy(content).logs.map(\.key)
        } catch {
            let place = error.line > 0 ? "line \(error.line) of \(policy)" : policy
            throw Complaint("\(place) cannot be read: \(error.reason)", status: .usage)
        }
        guard !logs.isEmpty else {
            throw Complaint(
                "\(policy) names no ledger", next: "add a line `log VKEY` for each that is to be witnessed",
                status: .usage)
        }
        // A signature of the one kind must never pass for one of the other.
        guard !logs.contains(where: { $0.publicKey == signer.key.publicKey }) else {
            throw Complaint("\(policy) names the witness's own key as that of a ledger", status: .usage)
        }
        return logs
    }

    private func serve(
        _ cosigner: Cosigner, _ signals: UnixSignalsSequence, _ observer: any Observer, _ metrics: PrometheusMetrics,
        _ logger: Logger
    ) async throws {
        var configuration = ServerConfiguration(host: listen.host, port: listen.port)
        configuration.connectionsMax = Self.connectionsMax
        configuration.receiveTimeout = Self.receiveTimeout
        let isListening = ListeningMark()
        let server = WitnessServer(
            cosigner, observer: observer, configuration: configuration, logger: logger,
            metrics: { metrics.exposition() }
        ) { address in
            isListening.set()
            try? Output.standard.writeLine("listening on \(address)")
        }
        let services: [any Service] = [
            ListeningService(server: server, address: listen, isListening: isListening),
            StopSignal(signals: signals),
        ]
        var group = ServiceGroupConfiguration(
            services: services.map {
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            }, logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(30)
        try await ServiceGroup(configuration: group).run()
    }
}

/// `countersign witness new-key`
struct WitnessNewKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-key",
        abstract: "Make the key of a witness.",
        discussion: """
            Writes the private key to a new file, for its owner alone, and prints the public one: ledgers name it in \
            their policy, as `witness NAME VKEY URL`. The name is the witness's for ever; a host and a path are usual.

            Example: countersign witness new-key --name witness.example/w1 --key witness.key
            """)

    @Option(help: ArgumentHelp("The witness's name, such as witness.example/w1.", valueName: "name"))
    var name: String
    @Option(help: ArgumentHelp("The file to make.", valueName: "file"))
    var key: String

    func run() throws {
        guard let name = try? KeyName(name.utf8) else {
            throw Complaint(
                "a name has 1 to \(KeyName.sizeMax) bytes, no white space and no plus sign", status: .usage)
        }
        guard let made = SigningKey(name: name, kind: .cosignature, seed: Random.bytes(Ed25519PrivateKey.seedSize))
        else { throw Complaint("there is no memory for a key") }
        try SigningKeyFile.create(made, at: key)
        try Output.standard.writeLine(made.signer.key.vkey)
    }
}
