import LedgerStore

struct ExportController: Sendable {
    let store: LedgerStore
    let timeout: Duration
    let sendTimeout: Duration
    var routes: [Route] { [] }
}
