import CLibPQ

extension Connection {
    /// Runs `COPY ... TO STDOUT (FORMAT binary)` of one column to its end. All of it happens on the connection's
    /// thread, in one go: it is meant for some megabytes. Who has more to read, or waits in between, takes
    /// ``copyOut(_:timeout:_:)``.
    ///
    /// - Parameters:
    ///   - terminator: stands behind each field.
    ///   - expecting: about how many bytes will come.
    /// - Returns: the fields that are not NULL, and how many they are.
    package func copyOutFields(
        _ statement: Statement, terminator: UInt8, expecting size: Int, timeout: Duration
    ) throws(PostgresError) -> (bytes: [UInt8], count: Int) {
        let deadline = ContinuousClock.now + timeout
        try prepareCall(deadline: deadline)
        let sql = try copySQL(statement)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        var count = 0
        let failure = try closingOnError { () throws(PostgresError) -> PostgresError? in
            try handle.send(script: sql)
            if let failure = try startCopy(PGRES_COPY_OUT, deadline: deadline) { return failure }
            count = try takeFields(into: &bytes, terminator, deadline: deadline)
            return try drain(deadline: deadline)
        }
        if let failure { throw settle(failure) }
        return (bytes, count)
    }

    /// Takes the fields of the COPY that has begun, to its end, and counts them.
    private func takeFields(
        into bytes: inout [UInt8], _ terminator: UInt8, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> Int {
        var count = 0
        var isFirst = true
        var pace = CopyPace()
        while true {
            let size = bytes.count
            switch try handle.takeCopyField(into: &bytes, terminator: terminator, isFirst: isFirst) {
            case .row:
                isFirst = false
                if bytes.count > size { count += 1 }
                pace.hasTaken(bytes.count - size)
            case .wouldBlock: try handle.receiveCopyData(&pace, deadline: deadline)
            case .ended: return count
            }
        }
    }
}
