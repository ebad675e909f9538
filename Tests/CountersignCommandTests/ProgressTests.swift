import Testing

@testable import CountersignCommand

@Suite struct `The line of progress` {
    @Test func `says how far, how much, how fast and how long still`() {
        let progress = Progress(unit: "lines", done: 1_234_567, fraction: 0.425)
        #expect(
            progress.line(elapsedSeconds: 50, columns: 120)
                == "[##########--------------]  42 %  1,234,567 lines  24,691/s  01:08 left")
    }

    @Test func `without a known size there is no bar and no end`() {
        #expect(
            Progress(unit: "lines", done: 900, fraction: nil).line(elapsedSeconds: 3, columns: 80) == "900 lines  300/s"
        )
    }

    @Test func `at first there is no rate`() {
        let line = Progress(unit: "entries", done: 0, fraction: 0).line(elapsedSeconds: 0, columns: 80)
        #expect(line == "[------------------------]   0 %  0 entries")
    }

    @Test func `it never wraps`() {
        let progress = Progress(unit: "lines", done: 1_234_567, fraction: 2)
        #expect(progress.line(elapsedSeconds: 50, columns: 20).count == 19)
        #expect(progress.line(elapsedSeconds: 50, columns: 0).isEmpty)
    }

    @Test func `the end is full`() {
        let line = Progress(unit: "lines", done: 10, fraction: 1).line(elapsedSeconds: 2, columns: 80)
        #expect(line == "[########################] 100 %  10 lines  5/s")
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")])
    func `numbers are grouped`(number: Int, text: String) {
        #expect(Progress.grouped(number) == text)
    }

    @Test(arguments: [(0.0, "00:00"), (61, "01:01"), (3_599.6, "1:00:00"), (7_531, "2:05:31")])
    func `times read like a clock`(seconds: Double, text: String) {
        #expect(Progress.clock(seconds) == text)
    }
}

@Suite struct `A table` {
    @Test func `lines its columns up`() {
        var table = Table(["ID", "NAME"])
        table.add(["tok_1", "billing"])
        table.add(["t", "x"])
        #expect(table.text == "ID     NAME\ntok_1  billing\nt      x\n")
    }
}
