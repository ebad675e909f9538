import FoundationEssentials
import Testing

@testable import CountersignCommand

@Suite struct `Reading lines` {
    /// The lines of a file that holds `bytes`, in batches of `countMax`.
    private func read(_ bytes: [UInt8], countMax: Int = 1_000) throws -> [[LineReader.Line]] {
        let file = FileManager.default.temporaryDirectory.appending(path: "lines-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var reader = try LineReader(path: file.path)
        #expect(reader.size == bytes.count)
        var batches: [[LineReader.Line]] = []
        while true {
            let batch = try reader.next(countMax: countMax, bytesMax: 1 << 20)
            guard !batch.isEmpty else { return batches }
            batches.append(batch)
        }
    }

    @Test func `lines are numbered from 1, and know where they end`() throws {
        let lines = try read(Array("a\n\nbc\n".utf8)).flatMap { $0 }
        #expect(lines.map(\.number) == [1, 2, 3])
        #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a", "", "bc"])
        #expect(lines.map(\.end) == [2, 3, 6])
    }

    @Test func `the last line needs no end`() throws {
        let lines = try read(Array("a\nb".utf8)).flatMap { $0 }
        #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a", "b"])
        #expect(lines.last?.end == 3)
    }

    @Test func `an empty file has no lines`() throws { #expect(try read([]).isEmpty) }

    @Test func `batches hold what they may`() throws {
        let batches = try read(Array(String(repeating: "x\n", count: 5).utf8), countMax: 2)
        #expect(batches.map(\.count) == [2, 2, 1])
    }

    @Test func `lines over many reads stay whole`() throws {
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 300_000)
        let lines = try read(line + [0x0A] + line + [0x0A]).flatMap { $0 }
        #expect(lines.map(\.bytes.count) == [300_000, 300_000])
    }

    @Test func `a line that is too long is named`() throws {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: LineReader.lineSizeMax + 1)
        let fault = try #require(throws: LineReader.Fault.self) { try read([0x0A] + long) }
        #expect(fault.lineNumber == 2)
    }

    @Test func `what cannot be read is a complaint`() {
        #expect(throws: Complaint.self) { _ = try LineReader(path: "/nonexistent") }
        #expect(throws: Complaint.self) { _ = try LineReader(path: "/") }
    }
}
