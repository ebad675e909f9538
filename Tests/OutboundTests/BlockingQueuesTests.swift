import Dispatch
import Synchronization
import Testing

@testable import Outbound

@Suite(.timeLimit(.minutes(1))) struct `Threads for work that blocks` {
    @Test(arguments: [1, 3])
    func `are never more than were asked for, and take all work in turn`(count: Int) async {
        let queues = BlockingQueues(label: "test", count: count)
        let running = Mutex((now: 0, most: 0))
        let gate = DispatchSemaphore(value: 0)
        let (finished, continuation) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<20 {
            queues.submit {
                running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                gate.wait()
                running.withLock { $0.now -= 1 }
                continuation.yield(number)
            }
        }
        for _ in 0..<20 { gate.signal() }
        var numbers: [Int] = []
        for await number in finished {
            numbers.append(number)
            if numbers.count == 20 { break }
        }
        #expect(running.withLock { $0.most } <= count)
        #expect(numbers.sorted() == Array(0..<20))
        if count == 1 { #expect(numbers == Array(0..<20)) }
    }
}
