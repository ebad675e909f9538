import Dispatch
import Ledger
import Synchronization
import Testing

@testable import Witness

@Suite struct `Witnesses on one folder` {
    @Test func `let exactly one request win from each size, and never go back`() throws {
        let scratch = try Scratch()
        // Each has a folder of its own to lock, as a process has.
        let cosigners = try (0..<8).map { _ in try scratch.cosigner() }
        var size = 0
        for round in 1...12 {
            let requests = try (1...8).map { try scratch.request(from: size, to: size + $0) }
            let start = size
            let winners = Mutex<[Int]>([])
            let conflicts = Mutex<[Int?]>([])
            DispatchQueue.concurrentPerform(iterations: 8) { index in
                guard let answer = try? cosigners[index].answer(requests[index]) else { return }
                if answer.status == 200 { winners.withLock { $0.append(start + index + 1) } }
                if answer.status == 409 { conflicts.withLock { $0.append(answer.knownSize) } }
            }
            let won = winners.withLock { $0 }
            #expect(won.count == 1, "round \(round): \(won)")
            size = try #require(won.first)
            #expect(conflicts.withLock { $0 } == Array(repeating: size, count: 7))
            let stored = try #require(try cosigners[0].checkpoint(of: scratch.id))
            #expect(try Checkpoint(SignedNote(stored).text).size == size)
        }
    }

    @Test func `do not wait for ever for one another, and cosign nothing meanwhile`() throws {
        let scratch = try Scratch()
        let cosigner = try scratch.cosigner(lockTimeout: .milliseconds(50))
        let folder = try WitnessFolder(scratch.path)
        let request = try scratch.request(from: 0, to: 7)
        try folder.withLog(scratch.id) { (_: borrowing LockedLog) throws(WitnessError) in
            #expect(throws: WitnessError(.busy, "")) { try cosigner.answer(request) }
            // The published checkpoint needs no lock.
            #expect(try cosigner.checkpoint(of: scratch.id) == nil)
        }
        #expect(try cosigner.answer(request).status == 200)
    }
}
