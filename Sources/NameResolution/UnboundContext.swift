import CLibUnbound
import Dispatch
import Glibc
import Synchronization

/// A context of libunbound with its cache, and the queue on which its answers come in.
///
/// libunbound guards the context with locks of its own, so any thread may start and cancel questions; answers are
/// processed on one queue.
@safe final class UnboundContext: @unchecked Sendable {
    /// What libunbound says to one question.
    struct Reply: Sendable {
        var rcode: Int
        var packet: [UInt8]
        var hasData: Bool
        var isNameError: Bool
        var isSecure: Bool
        var isBogus: Bool
        var whyBogus: String?
    }

    /// The version of the library.
    static var version: String { unsafe String(cString: ub_version()) }

    /// libunbound itself gives up well before.
    private static let timeoutMax = Duration.seconds(60)

    private let context: OpaquePointer
    private let queue = DispatchQueue(label: "names")
    private let source: any DispatchSourceRead

    init(_ settings: NameServerSettings) throws(NameResolutionError) {
        guard let context = unsafe ub_ctx_create() else { throw NameResolutionError("libunbound has no memory left") }
        unsafe self.context = context
        let descriptor: Int32
        do throws(NameResolutionError) {
            try unsafe Self.configure(context, settings)
            descriptor = unsafe ub_fd(context)
        } catch {
            unsafe ub_ctx_delete(context)
            throw error
        }
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { unsafe _ = ub_process(context) }
        source.resume()
    }

    deinit {
        // The queue may be at work on answers: it ends first, and then nobody knows the context.
        source.cancel()
        let context = unsafe UInt(bitPattern: context)
        queue.async { unsafe ub_ctx_delete(OpaquePointer(bitPattern: context)) }
    }

    private static func configure(
        _ context: OpaquePointer, _ settings: NameServerSettings
    ) throws(NameResolutionError) {
        let seconds = "\(max(0, settings.cacheTime.components.seconds))"
        var options = [
            // A resolver on this machine is asked like any other.
            ("do-not-query-localhost:", "no"),
            // A server that was silent once is asked again, for the next question may be one that it answers.
            ("infra-keep-probing:", "yes"),
            ("infra-host-ttl:", "1"),
            // The library asks 16 questions at once if it is not told otherwise, so that a zone which takes its time
            // over each answer would hold up every other question of the process.
            ("outgoing-range:", "512"),
            ("num-queries-per-thread:", "1024"),
            ("cache-max-ttl:", seconds),
            ("cache-max-negative-ttl:", seconds),
            // Records stay in the order of the server's answer. If they were turned around each time, the first name of
            // a client would be another one, and with it what SPF says (RFC 7208 §7.2).
            ("rrset-roundrobin:", "no"),
        ]
        if !settings.forwarders.isEmpty {
            // Private networks have names where the resolver is their own (RFC 6303 answers for them otherwise).
            options += [("unblock-lan-zones:", "yes"), ("insecure-lan-zones:", "yes")]
        }
        if let time = settings.validationTime { options.append(("val-override-date:", "\(time)")) }
        for (name, value) in options {
            try unsafe require(ub_ctx_set_option(context, name, value), "the option \(name) \(value)")
        }
        for server in settings.forwarders {
            try unsafe require(ub_ctx_set_fwd(context, server), "the resolver \(server)")
        }
        for stub in settings.stubs {
            try unsafe require(
                ub_ctx_set_stub(context, stub.zone, stub.server, 0), "the stub \(stub.zone)=\(stub.server)")
        }
        for anchor in settings.trustAnchors {
            try unsafe require(ub_ctx_add_ta(context, anchor), "the trust anchor \(anchor)")
        }
        if let file = settings.trustAnchorFile {
            try unsafe require(ub_ctx_add_ta_file(context, file), "the file of trust anchors \(file)")
        }
        try unsafe require(ub_ctx_async(context, 1), "a thread")
        // Names of RFC 6761 that a stub or a forwarder may well know. This finalises the context: nothing may follow.
        for zone in ["test.", "invalid.", "localhost.", "onion."] { unsafe _ = ub_ctx_zone_remove(context, zone) }
    }

    @unsafe private static func require(_ status: Int32, _ what: String) throws(NameResolutionError) {
        guard status != 0 else { return }
        throw NameResolutionError("\(what) was refused: \(unsafe String(cString: ub_strerror(status)))")
    }

    /// Asks, and waits for the reply until `timeout` is over; nil if none came by then.
    func reply(to name: String, type: UInt16, timeout: Duration) async -> Reply? {
        await withCheckedContinuation { continuation in
            start(Pending(continuation), name, type, timeout)
        }
    }

    private func start(_ pending: Pending, _ name: String, _ type: UInt16, _ timeout: Duration) {
        var number: Int32 = 0
        // The callback gives back what is retained here, or whoever cancels the question does.
        let data = unsafe Unmanaged.passRetained(pending)
        let status = unsafe ub_resolve_async(
            context, name, Int32(type), 1, data.toOpaque(), { unsafe UnboundContext.take($0, $1, $2) }, &number)
        guard status == 0 else {
            unsafe data.release()
            return pending.finish(nil)
        }
        let id = number
        let (seconds, attoseconds) = min(timeout, Self.timeoutMax).components
        let milliseconds = Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
        queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in self?.cancel(id, pending) }
    }

    private func cancel(_ id: Int32, _ pending: Pending) {
        guard !pending.isFinished, unsafe ub_cancel(context, id) == 0 else { return }
        unsafe Unmanaged.passUnretained(pending).release()
        pending.finish(nil)
    }

    /// The callback of libunbound: it comes on the queue, at most once for each question.
    @unsafe private static func take(
        _ data: UnsafeMutableRawPointer?, _ status: Int32, _ result: UnsafeMutablePointer<ub_result>?
    ) {
        guard let data = unsafe data else { return }
        let pending = unsafe Unmanaged<Pending>.fromOpaque(data).takeRetainedValue()
        defer { unsafe ub_resolve_free(result) }
        guard status == 0, let result = unsafe result?.pointee else { return pending.finish(nil) }
        let packet = unsafe UnsafeRawBufferPointer(start: result.answer_packet, count: Int(result.answer_len))
        pending.finish(
            Reply(
                rcode: Int(unsafe result.rcode), packet: unsafe Array(packet), hasData: unsafe result.havedata != 0,
                isNameError: unsafe result.nxdomain != 0, isSecure: unsafe result.secure != 0,
                isBogus: unsafe result.bogus != 0,
                whyBogus: unsafe result.why_bogus.map { unsafe String(cString: $0) }))
    }

    /// One question that waits.
    private final class Pending: Sendable {
        private let continuation: Mutex<CheckedContinuation<Reply?, Never>?>

        init(_ continuation: CheckedContinuation<Reply?, Never>) { self.continuation = Mutex(continuation) }

        var isFinished: Bool { continuation.withLock { $0 == nil } }

        func finish(_ reply: Reply?) {
            let waiting = continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            waiting?.resume(returning: reply)
        }
    }
}
