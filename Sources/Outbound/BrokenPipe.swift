import Glibc

/// Keeps a connection that the other side has closed from ending the process.
///
/// libcurl's sockets do not raise SIGPIPE; those under OpenSSL do, and `CURLOPT_NOSIGNAL` leaves it to us.
enum BrokenPipe {
    /// Runs `body`, during which this thread takes no SIGPIPE.
    static func withSignalBlocked<Value>(_ body: () -> Value) -> Value {
        var (broken, before) = (sigset_t(), sigset_t())
        unsafe sigemptyset(&broken)
        unsafe sigaddset(&broken, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &broken, &before)
        defer {
            // One that is pending would come as soon as it may: it is taken away before.
            var none = timespec()
            unsafe _ = sigtimedwait(&broken, nil, &none)
            unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        return body()
    }
}
