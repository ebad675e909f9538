import ArgumentParser
import Checkpoints
import EmbeddedPostgres
import Identities
import Ledger
import LedgerStore
import Logging
import Observation
import Server
import ServiceLifecycle
import UnixSignals

/// `countersign serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the service: HTTP in front, a private Postgres or one of your own behind.",
        discussion: """
            With --data-dir it makes and starts a Postgres of its own in that directory, reachable by a Unix socket \
            only, brings the schema up to date, and on the first start makes the first ledger. The token that it then \
            prints is shown this once and stored nowhere. Keep a copy of master.key apart from backups of the database.

            With --database-url it uses your Postgres, after `countersign migrate`. Any number of instances may serve \
            one database.

            SIGTERM or Ctrl-C answers what is open and stops. The log goes to standard error.

            Example:
                countersign serve --data-dir /var/lib/countersign \\
                    --listen 127.0.0.1:8080 --ledger acme.example/mail
            """)

    @OptionGroup var database: DatabaseOptions
    @Option(
        help: ArgumentHelp(
            "The name of the first ledger, which can never change.",
            discussion: "Default: \(FirstLedger.defaultOrigin).", valueName: "origin"))
    var ledger: String?
    @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "host:port"))
    var listen = ListenAddress.standard
    @Option(help: ArgumentHelp("How long a call waits for its append to be durable.", valueName: "duration"))
    var requestTimeout = TimeSpan(seconds: 10)
    @Option(
        help: ArgumentHelp(
            "How far the clocks of the service and of the database may differ.", valueName: "duration"))
    var clockSkewLimit = TimeSpan(seconds: 30)
    @Option(
        help: ArgumentHelp(
            "How far the clock may stand ahead of the last entry before appends are refused.", valueName: "duration"))
    var clockJumpLimit = TimeSpan(seconds: 366 * 86_400)
    @Option(
        help: ArgumentHelp(
            "How old the newest signed checkpoint gets while entries come in.", valueName: "duration"))
    var checkpointInterval = TimeSpan(seconds: 10)
    @Option(
        help: ArgumentHelp("Connections to Postgres, for appends, look-ups and other reads each.", valueName: "count"),
        transform: NumberArgument.read(in: 2...100))
    var connections = 8
    @OptionGroup(title: "Assurance") var assurance: AssuranceOptions
    @OptionGroup(title: "Names") var names: NameOptions
    @OptionGroup(title: "Claims") var claims: ClaimOptions
    @OptionGroup(title: "Identities") var schedule: ScheduleOptions
    @OptionGroup(title: "DMARC reports") var reportSenders: ReportSenderOptions
    @OptionGroup(title: "Erasure") var journal: JournalOption
    @OptionGroup(title: "Erasure") var retention: RetentionOptions
    @Option(help: "How the log is written: auto, text or json.")
    var logFormat = LogFormat.auto
    @Option(help: "The least severe level that is logged.")
    var logLevel = LogLevel.info

    func run() async throws {
        // Caught from here on, and looked at once the services run.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let location = try database.location()
        let logger = logFormat.logger(level: logLevel)
        let metrics = PrometheusMetrics(help: MetricsObserver.help)
        let observer = ObserverGroup(LogObserver(logger: logger), MetricsObserver(factory: metrics))
        guard let directory = location.directory else {
            return try await serve(location, [], signals, observer, metrics, logger)
        }
        let events = ClusterEvents(observer: observer, logger: logger)
        let postgres = EmbeddedPostgres(directory.cluster, use: .service, observe: events.note)
        try await postgres.start()
        do {
            try await serve(location, [postgres], signals, observer, metrics, logger)
        } catch {
            // What went wrong is the error to report.
            try? await postgres.stop()
            throw error
        }
    }

    private func serve(
        _ location: DatabaseLocation, _ before: [any Service], _ signals: UnixSignalsSequence,
        _ observer: any Observer, _ metrics: PrometheusMetrics, _ logger: Logger
    ) async throws {
        // What is wrong with files that were named is said before anything is made.
        let witnesses = try assurance.witnesses(observer: observer)
        let authority = try assurance.authority()
        try await Preparation(location, observer: observer).prepare()
        try await prepareLedger(location, observer, logger)
        let store = LedgerStore(
            target: location.appTarget, master: location.masterSecret(), observer: observer,
            clockRule: ClockRule(
                skewMax: clockSkewLimit.microseconds, setBackMax: ClockRule.standard.setBackMax,
                jumpMax: clockJumpLimit.microseconds),
            connectionsMax: connections, journal: journal.journal(of: location), fence: location.signing?.guards,
            clock: Clock.now)
        let verifications = Verifications(
            store, names: try names.resolver(), publicSuffixes: try names.suffixes(),
            trustedAuthservIDs: claims.trustedAuthservIDs, clock: Clock.now)
        let checks = IdentityChecks(
            store, verifications: verifications, schedule: schedule.schedule, observer: observer)
        let signer = location.signing.map { folders in
            CheckpointSigner(
                store: store, keys: folders.keys, guards: folders.guards, witnesses: witnesses, observer: observer,
                clock: Clock.now)
        }
        let receipts = Receipts(store: store, rounds: signer.map(SigningRounds.init))
        let timestamps = authority.map {
            SigningSchedule.Timestamps($0, every: assurance.timestampInterval.duration)
        }
        let signing = signer.map { signer in
            SigningService(
                schedule: SigningSchedule(
                    store: store, signer: signer, timestamps: timestamps, observer: observer,
                    interval: checkpointInterval.duration))
        }
        let services: [any Service] =
            before + [
                StoreService(store: store), IdentityCheckService(checks: checks),
                server(store, verifications, checks, receipts, observer, metrics, logger),
            ] + (signing.map { [$0] } ?? [])
            + (retention.schedule(store, observer: observer).map { [RetentionService(schedule: $0)] } ?? [])
        var configurations = services.map { service in
            // In order, whoever ends first: an abrupt end would take the database from under open requests.
            ServiceGroupConfiguration.ServiceConfiguration(
                service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup)
        }
        configurations.append(
            ServiceGroupConfiguration.ServiceConfiguration(
                service: StopSignal(signals: signals), successTerminationBehavior: .gracefullyShutdownGroup))
        var group = ServiceGroupConfiguration(services: configurations, logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(60)
        try await ServiceGroup(configuration: group).run()
    }

    /// Makes the first ledger and prints its token. A ledger whose secret is missing is served all the same: it can be
    /// read.
    private func prepareLedger(
        _ location: DatabaseLocation, _ observer: any Observer, _ logger: Logger
    ) async throws {
        try await OpenStore.with(location, journal.journal(of: location)) { open in
            try await examine(open, observer)
            try await applyJournal(open.store)
            let outcome = try await FirstLedger(store: open.store, signing: location.requireSigning, origin: ledger)
                .prepare()
            for ledger in outcome.ledgers {
                guard let fault = ledger.keyFault else { continue }
                logger.critical(
                    "master_secret_refused", metadata: ["ledger": "\(ledger.origin.text)", "reason": "\(fault)"])
                try Output.error.writeLine(
                    "warning: \(ledger.origin.text) can be read and verified, and NOTHING CAN BE APPENDED: \(fault)")
            }
            guard let token = outcome.token else { return }
            try Output.standard.writeLine("token: \(token.secret)")
            try Output.error.writeLine("keep this token: it is shown this once, and stored nowhere")
        }
    }

    /// Holds every ledger to its guard before anything is appended: a database that was set back would fork.
    private func examine(_ open: OpenStore, _ observer: any Observer) async throws {
        guard open.location.signing != nil else { return }
        let signer = try open.signer()
        for ledger in try await open.store.allLedgers() {
            do throws(SigningFault) {
                try await signer.examine(ledger)
            } catch {
                // The store of this moment tells nobody of a halt.
                if error.code == .halted {
                    observer.observe(.ledgerHalted(ledger: ledger.origin.text, reason: error.description))
                }
                observer.observe(
                    .signingFailed(ledger: ledger.origin.text, code: error.code.rawValue, reason: error.description))
                try Output.error.writeLine("warning: \(ledger.origin.text): \(error.description)")
            }
        }
        for known in try await open.location.requireSigning().missingLedgers(in: open.store) {
            try Output.error.writeLine(
                "warning: \(known.origin): the guard knows this ledger with \(known.size) entries, and the database "
                    + "does not; `countersign doctor` says what to do")
        }
    }

    /// Before anything is served: a database that was restored may have what was erased since its backup.
    private func applyJournal(_ store: LedgerStore) async throws {
        let count = try await store.applyJournal(reporter: FirstLedger.reporter, timeout: OpenStore.appendTimeout)
        guard count > 0 else { return }
        try Output.error.writeLine("erased again in \(count) entries what an older backup had brought back")
    }

    private func server(
        _ store: LedgerStore, _ verifications: Verifications, _ checks: IdentityChecks, _ receipts: Receipts,
        _ observer: any Observer, _ metrics: PrometheusMetrics, _ logger: Logger
    ) -> ListeningService {
        var configuration = ServerConfiguration(host: listen.host, port: listen.port)
        configuration.requestTimeout = requestTimeout.duration
        configuration.reportSenders = reportSenders.domains
        let isListening = ListeningMark()
        let server = HTTPServer(
            store, verifications: verifications, checks: checks, receipts: receipts, observer: observer,
            configuration: configuration, logger: logger, metrics: { metrics.exposition() }, clock: Clock.now
        ) { address in
            isListening.set()
            try? Output.standard.writeLine("listening on \(address)")
        }
        return ListeningService(server: server, address: listen, isListening: isListening)
    }
}
