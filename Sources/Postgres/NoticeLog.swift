import CLibPQ

/// Collects what the server reports while a call is under way. Without a receiver libpq would print it on stderr.
///
/// libpq calls the receiver only from inside its own functions, so the connection's executor guards this class too.
final class NoticeLog {
    /// A statement can raise any number of notices; the first ones are kept.
    static let noticesMax = 32

    private var notices: [Notice] = []

    /// Everything collected since the last call.
    func take() -> [Notice] {
        guard !notices.isEmpty else { return [] }
        defer { notices = [] }
        return notices
    }

    func add(_ notice: Notice) {
        // A warning is never pushed out by mere notices before it.
        if notices.count >= Self.noticesMax, notice.isWarning,
            let last = notices.lastIndex(where: { !$0.isWarning })
        {
            notices.remove(at: last)
        }
        guard notices.count < Self.noticesMax else { return }
        notices.append(notice)
    }

    /// Makes this the receiver of the connection's notices. The log must outlive the connection.
    @unsafe func attach(to connection: OpaquePointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe PQsetNoticeReceiver(
            connection,
            { context, report in
                guard let context = unsafe context, let report = unsafe report else { return }
                let field = { (code: Int32) in
                    unsafe PQresultErrorField(report, code).map { unsafe String(cString: $0) } ?? ""
                }
                let state = field(Diagnostic.sqlState)
                let notice = Notice(
                    severity: field(Diagnostic.severity), sqlState: state,
                    message: ServerMessage.withoutData(field(Diagnostic.message), sqlState: state))
                unsafe Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().add(notice)
            }, context)
    }
}

/// The fields of a server report (`PG_DIAG_...`, character constants that do not come through as numbers).
enum Diagnostic {
    static let severity = code("V")
    static let sqlState = code("C")
    static let message = code("M")
    static let schema = code("s")
    static let table = code("t")
    static let column = code("c")
    static let constraint = code("n")

    private static func code(_ letter: Unicode.Scalar) -> Int32 { Int32(letter.value) }
}
