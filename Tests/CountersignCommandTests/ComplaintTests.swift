import Ledger
import LedgerStore
import Postgres
import Testing

@testable import CountersignCommand

@Suite struct `What a person is told` {
    @Test func `a mistyped flag, without a capital, and where the help is`() {
        let complaint = Complaint(
            usage: """
                error: Missing expected argument '<file>'
                Help:  <file>  The file, or - for standard input.
                Usage: countersign import [--json] <file>
                  See 'countersign import --help' for more information.
                """)
        #expect(
            complaint.reason
                == "missing expected argument '<file>'\n    Help:  <file>  The file, or - for standard input.")
        #expect(complaint.next == "read `countersign import --help`")
        #expect(complaint.status == .usage)
    }

    @Test func `a reason with its next step is told in two lines`() {
        let fault = MasterSecret.Fault("the master secret k is missing; restore it from your backup; it is not here")
        let complaint = Complaint(fault)
        #expect(complaint.reason == "the master secret k is missing")
        #expect(complaint.next == "restore it from your backup; it is not here")
        #expect(complaint.status == .couldNotRun)
    }

    @Test func `a refused value is wrong usage`() {
        #expect(Complaint(Refusal(.invalidMember, "no", at: ["name"])).status == .usage)
        #expect(Complaint(PostgresError(.usage, "the connection string cannot be read")).status == .usage)
    }

    @Test func `a role that is missing, or cannot be taken, is named`() throws {
        let missing = Complaint(PostgresError(.connectionFailed, "FATAL:  role \"countersign_app\" does not exist"))
        #expect(missing.next?.contains("migrate --print-roles") == true)
        let refused = Complaint(PostgresError(.server("42501"), "permission denied to set role \"countersign_owner\""))
        #expect(refused.next == "connect as a user who may become that role: GRANT countersign_owner TO <user>")
    }

    @Test func `what may pass can be repeated`() {
        let complaint = Complaint(StoreError(.unavailable, "the database cannot be reached", committed: .unknown))
        #expect(complaint.next?.contains("repeating is safe") == true)
    }
}
