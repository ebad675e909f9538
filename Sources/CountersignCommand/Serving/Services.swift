import Checkpoints
import Identities
import LedgerStore
import Server
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The store's own tasks, until the group shuts down: what was begun is finished.
struct StoreService: Service {
    let store: LedgerStore

    func run() async throws {
        await cancelWhenGracefulShutdown { await store.run() }
    }
}

/// The scheduled checks of identities, until the group shuts down. A check that is cut off is made again by whoever
/// finds its claim run out.
struct IdentityCheckService: Service {
    let checks: IdentityChecks

    func run() async throws {
        await cancelWhenGracefulShutdown { await checks.run() }
    }
}

/// The periodic signing of checkpoints, until the group shuts down. What is not signed then, the next instance signs.
struct SigningService: Service {
    let schedule: SigningSchedule

    func run() async throws {
        await cancelWhenGracefulShutdown { await schedule.run() }
    }
}

/// The erasure of what is too old, until the group shuts down. What is left then, the next round erases.
struct RetentionService: Service {
    let schedule: RetentionSchedule

    func run() async throws {
        await cancelWhenGracefulShutdown { await schedule.run() }
    }
}

/// The HTTP server; where it cannot listen, it says so in words.
struct ListeningService: Service {
    let server: any Service
    let address: ListenAddress
    let isListening: ListeningMark

    func run() async throws {
        do {
            try await server.run()
        } catch {
            guard !isListening.isSet else { throw error }
            // "bind(descriptor:ptr:bytes:): Address already in use) (errno: 98)"
            let reason = "\(error)".split(separator: "): ").last?.prefix { $0 != ")" } ?? "\(error)"
            throw Complaint(
                "cannot listen on \(address): \(reason)",
                next: "choose another address with --listen; port 0 takes a free one")
        }
    }
}

/// Whether the server has ever listened.
final class ListeningMark: Sendable {
    private let mark = Atomic(false)

    var isSet: Bool { mark.load(ordering: .relaxed) }
    func set() { mark.store(true, ordering: .relaxed) }
}

/// Ends when a signal asks the service to stop. The signals are caught from the start of the process on, so that one
/// that comes while the database is prepared is not lost.
struct StopSignal: Service {
    let signals: UnixSignalsSequence

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in signals { return }
        }
    }
}
