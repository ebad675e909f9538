import Logging
import SeededRandom
import Testing

@testable import Server

@Suite struct `A log line` {
    private struct Line: Decodable, Equatable {
        let time, level, logger, message: String
        let error, text, level_: String?
        let number: Int?
        let seconds: Double?
        let flag: Bool?
        let list: [String]?
        let map: [String: Int]?
    }

    private func line(_ body: (Logger) -> Void) throws -> Line {
        let lines = Lines()
        body(Logger(label: "test") { JSONLogHandler(label: $0, write: lines.write) })
        let objects = try lines.objects(as: Line.self)
        #expect(objects.count == 1)
        return objects[0]
    }

    @Test func `is one JSON object with time, level, logger, message and metadata of their own types`() throws {
        let line = try line { logger in
            logger.warning(
                "careful",
                metadata: [
                    "text": "t", "number": "\(7)", "level": "shadow", "list": ["a", "b"],
                    "seconds": .stringConvertible(0.25), "flag": .stringConvertible(true),
                    "map": ["n": .stringConvertible(1)],
                ].merging(["number": .stringConvertible(Int64.max >> 11)]) { _, new in new })
        }
        #expect(line.time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(line.time)")
        #expect((line.level, line.logger, line.message) == ("warning", "test", "careful"))
        #expect((line.text, line.number, line.level_) == ("t", 4_503_599_627_370_495, "shadow"))
        #expect(line.seconds == 0.25)
        #expect(line.flag == true)
        #expect(line.list == ["a", "b"])
        #expect(line.map == ["n": 1])
    }

    @Test func `carries numbers that JSON has no word for as text`() throws {
        let line = try line { $0.info("x", metadata: ["text": .stringConvertible(Double.nan)]) }
        #expect(line.text == "nan")
    }

    @Test func `carries the error, and the handler's metadata under the message's`() throws {
        struct Failure: Error, CustomStringConvertible { let description = "it\nbroke" }
        let line = try line { logger in
            var logger = logger
            logger[metadataKey: "text"] = "handler"
            logger[metadataKey: "flag"] = .stringConvertible(false)
            logger.error("x", error: Failure(), metadata: ["text": "message"])
        }
        #expect(line.error == "it\nbroke")
        #expect((line.text, line.flag) == ("message", false))
    }

    @Test func `stays one line of valid JSON whatever bytes come in`() throws {
        var generator = SplitMix64(seed: 20_261_122)
        var texts = [
            "\n\r\u{2028}\u{2029}\u{85}\u{b}\u{c}", "\"}\n{\"level\":\"forged\"}", "\\", "\u{0}\u{1f}\u{7f}\u{9f}",
            "e\u{301}\u{1F600}", "", "\u{feff}",
        ]
        texts += (0..<300).map { _ in
            let count = Int.random(in: 0...40, using: &generator)
            return String(
                decoding: (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }, as: UTF8.self)
        }
        for text in texts {
            let line = try line { $0.info("\(text)", metadata: ["text": "\(text)", "list": ["\(text)"]]) }
            #expect(Array(line.message.utf8) == Array(text.utf8))
            #expect(line.text.map { Array($0.utf8) } == Array(text.utf8))
            #expect(line.list?.first.map { Array($0.utf8) } == Array(text.utf8))
            let key = try self.line { $0.info("x", metadata: [text.isEmpty ? "e" : text: "v"]) }
            #expect(key.message == "x")
        }
    }

    @Test func `is not written below the level`() throws {
        let lines = Lines()
        let logger = Logger(label: "test") { JSONLogHandler(label: $0, level: .notice, write: lines.write) }
        logger.info("quiet")
        #expect(try lines.objects(as: Line.self).isEmpty)
    }
}
