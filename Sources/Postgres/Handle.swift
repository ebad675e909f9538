import CLibPQ
import Glibc

/// The owner of a `PGconn`: opens, waits, sends and receives. It knows how libpq is driven without blocking, and
/// nothing of what is sent.
///
/// Every wait ends at a deadline. After an error thrown here the state of the conversation is unknown, and the caller
/// must `close()`. libpq takes a null `PGconn` everywhere and reports it as a bad connection.
@safe struct Handle: ~Copyable {
    private(set) var connection: OpaquePointer?
    let notices = NoticeLog()

    init() { unsafe connection = nil }

    deinit { unsafe PQfinish(connection) }

    mutating func close() {
        unsafe PQfinish(connection)
        unsafe connection = nil
    }

    var isOpen: Bool { unsafe connection != nil && PQstatus(connection) == CONNECTION_OK }
    var transactionStatus: PGTransactionStatusType { unsafe PQtransactionStatus(connection) }
    var serverVersion: Int { Int(unsafe PQserverVersion(connection)) }
    var processID: Int32 { unsafe PQbackendPID(connection) }

    func parameterStatus(_ name: String) -> String? {
        unsafe PQparameterStatus(connection, name).map { unsafe String(cString: $0) }
    }

    // MARK: Opening

    /// A host name is looked up by libpq in a call that blocks past the deadline; addresses and socket folders are not.
    mutating func open(_ target: ConnectionTarget, deadline: ContinuousClock.Instant) throws(PostgresError) {
        let keywords = target.connectionKeywords
        guard !keywords.contains(where: { $0.0.utf8.contains(0) || $0.1.utf8.contains(0) }) else {
            throw PostgresError(.usage, "a connection setting holds U+0000")
        }
        unsafe connection = Self.start(keywords)
        guard let started = unsafe connection else { throw PostgresError(.connectionFailed, "out of memory") }
        unsafe notices.attach(to: started)
        guard unsafe PQstatus(connection) != CONNECTION_BAD else { throw connectionFailed() }
        var waitsFor: Readiness = .writing
        while true {
            _ = try wait(for: waitsFor, deadline: deadline)
            switch unsafe PQconnectPoll(connection) {
            case PGRES_POLLING_READING: waitsFor = .reading
            case PGRES_POLLING_WRITING: waitsFor = .writing
            case PGRES_POLLING_OK:
                guard unsafe PQsetnonblocking(connection, 1) == 0 else { throw connectionFailed() }
                return
            default: throw connectionFailed()
            }
        }
    }

    private static func start(_ keywords: [(String, String)]) -> OpaquePointer? {
        let names = unsafe keywords.map { unsafe strdup($0.0) } + [nil]
        let values = unsafe keywords.map { unsafe strdup($0.1) } + [nil]
        defer { unsafe (names + values).forEach { unsafe free($0) } }
        let constantNames = unsafe names.map { unsafe UnsafePointer($0) }
        let constantValues = unsafe values.map { unsafe UnsafePointer($0) }
        return unsafe PQconnectStartParams(constantNames, constantValues, 0)
    }

    /// Here the server has reported no fields; libpq's text names the host, the port, and the role, never the password.
    private func connectionFailed() -> PostgresError {
        PostgresError(.connectionFailed, lastMessage)
    }

    private var lastMessage: String {
        let lines = unsafe String(cString: PQerrorMessage(connection)).split(separator: "\n")
        let primary = lines.filter { line in !["DETAIL:", "HINT:", "CONTEXT:"].contains { line.hasPrefix($0) } }
        return primary.isEmpty ? "the connection is closed" : primary.joined(separator: "; ")
    }

    // MARK: Waiting

    struct Readiness: OptionSet {
        let rawValue: Int32
        static let reading = Readiness(rawValue: POLLIN)
        static let writing = Readiness(rawValue: POLLOUT)
    }

    /// Waits until the socket is ready for one of `interests` and says for which.
    func wait(
        for interests: Readiness, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Readiness {
        let socket = unsafe PQsocket(connection)
        guard socket >= 0 else { throw connectionLost() }
        while true {
            let left = deadline - .now
            guard left > .zero else { throw PostgresError(.timedOut, "the deadline has passed") }
            let ready = try Self.poll(socket, interests, milliseconds: left.wholeMilliseconds)
            if !ready.isEmpty { return ready }
        }
    }

    static func poll(
        _ socket: Int32, _ interests: Readiness, milliseconds: Int
    ) throws(PostgresError) -> Readiness {
        var descriptor = pollfd(fd: socket, events: Int16(interests.rawValue), revents: 0)
        let outcome = unsafe Glibc.poll(&descriptor, 1, Int32(clamping: milliseconds))
        let number = errno
        guard outcome >= 0 || number == EINTR else {
            throw PostgresError(.connectionLost, "poll failed: errno \(number)")
        }
        guard outcome > 0 else { return [] }
        let ready = Readiness(rawValue: Int32(descriptor.revents))
        // An error or a hang-up shows as readable: reading then tells what it is.
        return ready.intersection([.reading, .writing]).isEmpty ? [.reading] : ready
    }

    /// True if the server has not ended the connection while nobody was looking.
    func isAlive() -> Bool {
        // What it said before is read first, and only then its end; between statements it never says much.
        for _ in 0..<8 {
            guard isOpen, let ready = try? Self.poll(unsafe PQsocket(connection), .reading, milliseconds: 0) else {
                return false
            }
            if ready.isEmpty { return true }
            guard unsafe PQconsumeInput(connection) == 1 else { return false }
        }
        return false
    }

    // MARK: Receiving

    /// The next result, or nil where libpq marks the end of a statement's results. Writes out what is still to be
    /// sent meanwhile: with large parameters both sides would otherwise wait for the other to read.
    func nextResult(deadline: ContinuousClock.Instant) throws(PostgresError) -> QueryResult? {
        while unsafe PQisBusy(connection) == 1 { try exchange(deadline: deadline) }
        guard let result = unsafe PQgetResult(connection) else { return nil }
        return unsafe QueryResult(owning: result)
    }

    /// Waits once, then reads and writes what is possible.
    func exchange(deadline: ContinuousClock.Instant) throws(PostgresError) {
        let interests: Readiness = try flush() ? .reading : [.reading, .writing]
        if try wait(for: interests, deadline: deadline).contains(.reading) { try consumeInput() }
    }

    /// Sends until all is gone (true) or the socket takes no more (false).
    private func flush() throws(PostgresError) -> Bool {
        let outcome = unsafe PQflush(connection)
        guard outcome >= 0 else { throw connectionLost() }
        return outcome == 0
    }

    func flushAll(deadline: ContinuousClock.Instant) throws(PostgresError) {
        while try !flush() {
            if try wait(for: [.reading, .writing], deadline: deadline).contains(.reading) { try consumeInput() }
        }
    }

    func consumeInput() throws(PostgresError) {
        guard unsafe PQconsumeInput(connection) == 1 else { throw connectionLost() }
    }

    /// What the server said last, if it said something, is the reason: it may have been read, but not yet taken.
    func connectionLost() -> PostgresError {
        let message = lastMessage
        var results = 0
        while results < 8, unsafe PQstatus(connection) == CONNECTION_BAD, let pointer = unsafe PQgetResult(connection) {
            let result = unsafe QueryResult(owning: pointer)
            if let error = result.error, error.code == .connectionLost { return error }
            results += 1
        }
        return PostgresError(.connectionLost, message)
    }

    // MARK: Sending

    func enterPipeline() throws(PostgresError) { try check(unsafe PQenterPipelineMode(connection)) }
    func exitPipeline() throws(PostgresError) { try check(unsafe PQexitPipelineMode(connection)) }
    func sendSync() throws(PostgresError) { try check(unsafe PQpipelineSync(connection)) }

    /// Sends SQL by the simple protocol: no parameters, several statements allowed.
    func send(script: String) throws(PostgresError) { try check(unsafe PQsendQuery(connection, script)) }

    func sendPrepare(name: String, sql: String, types: [UInt32]) throws(PostgresError) {
        try check(unsafe PQsendPrepare(connection, name, sql, Int32(types.count), types))
    }

    /// Sends an unprepared statement without parameters, pipeline or not.
    func send(sql: String) throws(PostgresError) {
        try check(unsafe PQsendQueryParams(connection, sql, 0, nil, nil, nil, nil, 1))
    }

    /// Sends a prepared statement. Parameters and results are binary.
    func sendPrepared(name: String, _ parameters: ParameterList) throws(PostgresError) {
        // An empty array has no address, and no address would mean NULL to libpq.
        let bytes = parameters.bytes.isEmpty ? [0] : parameters.bytes
        let lengths = parameters.fields.map { Int32($0.length ?? 0) }
        let formats = [Int32](repeating: 1, count: lengths.count)
        let sent = unsafe bytes.withUnsafeBufferPointer { buffer in
            let start = unsafe UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
            let pointers = unsafe parameters.fields.map { field in
                unsafe field.length == nil ? nil : start?.advanced(by: field.start)
            }
            return unsafe PQsendQueryPrepared(
                connection, name, Int32(lengths.count), pointers, lengths, formats, 1)
        }
        try check(sent)
    }

    private func check(_ outcome: Int32) throws(PostgresError) {
        guard outcome == 1 else { throw isOpen ? PostgresError(.usage, lastMessage) : connectionLost() }
    }

    /// Asks the server, over a connection of its own, to stop what it is doing. Blocks until it has taken the request.
    func requestCancel() -> Bool {
        guard let cancel = unsafe PQgetCancel(connection) else { return false }
        defer { unsafe PQfreeCancel(cancel) }
        var message = [CChar](repeating: 0, count: 256)
        return unsafe PQcancel(cancel, &message, Int32(message.count)) == 1
    }
}

extension QueryResult {
    /// The error that this result is, if it is one. `.connectionLost` where the server ended the connection with it.
    var error: PostgresError? {
        guard status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE else { return nil }
        guard let state = errorField(Diagnostic.sqlState) else {
            return PostgresError(.connectionLost, "the server closed the connection")
        }
        let severity = errorField(Diagnostic.severity)
        let isEnd = severity == "FATAL" || severity == "PANIC"
        let message = ServerMessage.withoutData(errorField(Diagnostic.message) ?? "", sqlState: state)
        var error = PostgresError(isEnd ? .connectionLost : .server(state), message, sqlState: state)
        error.schema = errorField(Diagnostic.schema)
        error.table = errorField(Diagnostic.table)
        error.column = errorField(Diagnostic.column)
        error.constraint = errorField(Diagnostic.constraint)
        return error
    }
}
