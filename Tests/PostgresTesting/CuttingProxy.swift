import Dispatch
import Glibc
package import Postgres
import Synchronization

/// Stands between a client and the test cluster on a Unix socket of its own, and cuts the connection at the moment that
/// a
/// test names: what a failing network or a killed server does, at a chosen place.
package final class CuttingProxy: Sendable {
    /// Where a connection is cut.
    package enum Cut: Sendable {
        /// The next thing that a client says inside a transaction never reaches the server: nothing is committed.
        case beforeWrite
        /// The server's next answer to a COMMIT never reaches the client: it is committed, and the client cannot know.
        case afterCommit
    }

    private let folder: String
    private let upstream: String
    private let listener: Int32
    private let nextCut = Mutex<Cut?>(nil)
    private let cutsMade = Atomic<Int>(0)
    private let isRefusing = Atomic(false)

    /// Listens in a new folder, on the way to `cluster`.
    package init(to cluster: TestCluster) throws {
        var template = Array("/tmp/pgproxy-XXXXXX".utf8CString)
        folder = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) }.map { unsafe String(cString: $0) } ?? ""
        }
        upstream = "\(cluster.folder)/.s.PGSQL.5432"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let isBound = unsafe Self.withAddress("\(folder)/.s.PGSQL.5432") { unsafe bind(listener, $0, $1) == 0 }
        guard isBound, listen(listener, 16) == 0 else {
            throw TestCluster.Failure(description: "the proxy cannot listen: errno \(errno)")
        }
        DispatchQueue(label: "proxy").async { self.acceptAll() }
    }

    /// The way to `target` through the proxy.
    package func target(to target: ConnectionTarget) -> ConnectionTarget {
        ConnectionTarget(host: folder, database: target.database ?? "", user: target.user ?? "")
    }

    /// Cuts the next connection that comes to the place, once.
    ///
    /// - Parameter isClosing: whether no further connection comes through until ``admit()``.
    package func cutOnce(_ cut: Cut, thenRefusing isClosing: Bool = false) {
        nextCut.withLock { $0 = cut }
        isRefusing.store(isClosing, ordering: .relaxed)
    }

    /// Lets connections through again.
    package func admit() { isRefusing.store(false, ordering: .relaxed) }

    /// How often a connection was cut.
    package var cuts: Int { cutsMade.load(ordering: .relaxed) }

    /// Ends the proxy; connections under way go on until their ends hang up.
    package func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        unsafe unlink("\(folder)/.s.PGSQL.5432")
        unsafe rmdir(folder)
    }

    private func acceptAll() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { break }
            if isRefusing.load(ordering: .relaxed) {
                Glibc.close(client)
                continue
            }
            let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard unsafe Self.withAddress(upstream, { unsafe connect(server, $0, $1) == 0 }) else {
                Glibc.close(client)
                continue
            }
            DispatchQueue(label: "proxy.connection").async {
                self.forward(client, server)
                Glibc.close(client)
                Glibc.close(server)
            }
        }
        Glibc.close(listener)
    }

    private func take(_ cut: Cut) -> Bool {
        nextCut.withLock { next in
            guard next == cut else { return false }
            next = nil
            cutsMade.add(1, ordering: .relaxed)
            return true
        }
    }

    /// Copies both ways until an end hangs up or the cut is made.
    private func forward(_ client: Int32, _ server: Int32) {
        var isInTransaction = false
        // The startup message names the application: only the connections that append are cut.
        var isAppending = false
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var waits = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard unsafe poll(&waits, 2, -1) > 0 else { return }
            if waits[0].revents != 0 {
                let count = unsafe read(client, &buffer, buffer.count)
                guard count > 0 else { return }
                isAppending = isAppending || Self.contains(buffer[..<count], Array("countersign append".utf8))
                if isAppending, isInTransaction, take(.beforeWrite) { return }
                guard Self.write(buffer[..<count], to: server) else { return }
            }
            if waits[1].revents != 0 {
                let count = unsafe read(server, &buffer, buffer.count)
                guard count > 0 else { return }
                let answer = buffer[..<count]
                // CommandComplete and ReadyForQuery, as PostgreSQL's message formats have them.
                if isAppending, Self.contains(answer, Array("COMMIT\0".utf8)), take(.afterCommit) { return }
                if let state = Self.readyState(answer) { isInTransaction = state == UInt8(ascii: "T") }
                guard Self.write(answer, to: client) else { return }
            }
        }
    }

    /// The transaction state at the end of the answer, if it ends with ReadyForQuery.
    private static func readyState(_ answer: ArraySlice<UInt8>) -> UInt8? {
        let end = Array(answer.suffix(6))
        return end.count == 6 && end.starts(with: [UInt8(ascii: "Z"), 0, 0, 0, 5]) ? end[5] : nil
    }

    private static func contains(_ bytes: ArraySlice<UInt8>, _ word: [UInt8]) -> Bool {
        guard bytes.count >= word.count else { return false }
        return (bytes.startIndex...(bytes.endIndex - word.count)).contains { start in
            bytes[start..<start + word.count].elementsEqual(word)
        }
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { bytes in
                unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }

    private static func withAddress<Value>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
            unsafe target.copyBytes(from: Array(path.utf8).prefix(target.count - 1))
        }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
