import HTTPTypes
import Ledger
import Testing

@testable import Server

@Suite struct `Step headers` {
    private func read(_ headers: [String: String]) -> StepHeaders {
        var fields = HTTPFields()
        for (name, value) in headers { fields[.known(name)] = value }
        return StepHeaders(fields)
    }

    @Test func `with engine, run and attempt name a step`() throws {
        let read = read([
            "Step-Engine": "inngest", "Step-Run-Id": "01M8", "Step-Attempt": "0", "Step-Id": "l%C3%B6schen",
            "Step-Event-Id": "ev-1", "Step-Index": "2",
        ])
        guard case .step(let workflow, let content) = read else {
            Issue.record("\(read)")
            return
        }
        #expect(workflow.engine == "inngest" && workflow.runID == "01M8")
        #expect(
            String(decoding: content, as: UTF8.self) == """
                {"attempt":0,"engine":"inngest","run_id":"01M8","step_id":"löschen","step_index":2,\
                "trigger":{"event_id":"ev-1"}}
                """)
    }

    @Test func `that are empty count as absent`() {
        guard case .absent = read(["Step-Engine": "", "Step-Id": ""]) else {
            Issue.record("not absent")
            return
        }
    }

    @Test(arguments: [
        ["Step-Run-Id": "r", "Step-Attempt": "0"], ["Step-Engine": "inngest", "Step-Attempt": "0"],
        ["Step-Engine": "inngest", "Step-Run-Id": "r"],
        ["Step-Engine": "Inngest", "Step-Run-Id": "r", "Step-Attempt": "0"],
        ["Step-Engine": "inngest", "Step-Run-Id": "r", "Step-Attempt": "-1"],
        ["Step-Engine": "inngest", "Step-Run-Id": "r", "Step-Attempt": "1.0"],
        ["Step-Engine": "inngest", "Step-Run-Id": "r%", "Step-Attempt": "0"],
        ["Step-Engine": "inngest", "Step-Run-Id": "r%00", "Step-Attempt": "0"],
        ["Step-Engine": "inngest", "Step-Run-Id": "é", "Step-Attempt": "0"],
        [
            "Step-Engine": "inngest", "Step-Run-Id": "r", "Step-Attempt": "0",
            "Step-Id": String(repeating: "a", count: 513),
        ],
    ])
    func `that are missing or odd are kept as they came`(_ headers: [String: String]) {
        guard case .unreadable(let raw) = read(headers) else {
            Issue.record("\(headers)")
            return
        }
        #expect(Set(raw.map(\.name)) == Set(headers.keys))
        for member in raw { #expect(member.value.text == headers[member.name]) }
    }

    @Test func `of any length are kept up to a bound`() {
        guard case .unreadable(let raw) = read(["Step-Run-Id": String(repeating: "a", count: 60_000)]) else {
            Issue.record("not kept")
            return
        }
        #expect(raw.first?.value.text?.utf8.count == 1_024)
    }
}
