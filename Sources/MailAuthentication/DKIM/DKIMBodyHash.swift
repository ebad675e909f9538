import Cryptography

/// The hash of a body in canonical form (RFC 6376 §3.4.3, §3.4.4), made while the body comes in pieces of any size.
///
/// A state machine: what it remembers is a few counters and one buffer, whatever the body. White space and line ends
/// are only counted until it is known whether something follows them, for those at the end are left out.
struct DKIMBodyHash {
    private static let bufferSize = 4_096
    /// A shorter run goes through the buffer: each update of the hash has a price of its own.
    private static let runSizeMin = 64
    private static let carriageReturn: UInt8 = 0x0D
    private static let lineFeed: UInt8 = 0x0A

    private let isRelaxed: Bool
    /// How many octets of the canonical body are hashed; nil for all.
    private let sizeMax: Int?
    /// The size of the canonical body so far, hashed or not.
    private var size = 0
    private var hash = IncrementalSHA256()
    private var buffer = [UInt8](repeating: 0, count: bufferSize)
    private var fill = 0

    /// Whether the last byte was a CR, of which it is not known yet whether it belongs to a line end.
    private var endsInCarriageReturn = false
    /// Whether white space stands before the next byte of the line (relaxed only).
    private var endsInWhiteSpace = false
    /// Line ends since the last content.
    private var pendingLineEnds = 0

    /// - Parameter sizeMax: the value of `l=`; without it the whole body counts.
    init(_ form: DKIMCanonicalization.Form, sizeMax: Int? = nil) {
        isRelaxed = form == .relaxed
        self.sizeMax = sizeMax
    }

    /// Takes the next piece of the body.
    ///
    /// Nearly all of a body is in canonical form as it stands, and goes into the hash in long runs.
    mutating func update(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            // Behind a CR or white space that was only counted, the next byte decides what becomes of it.
            let isOpen = endsInCarriageReturn || endsInWhiteSpace && bytes[index] <= 0x20
            let end = isOpen ? index : runEnd(in: bytes, from: index)
            if end > index {
                takeRun(bytes.extracting(index..<end))
                index = end
            } else {
                take(bytes[index])
                index += 1
            }
        }
    }

    /// The end of the bytes that are canonical as they stand, whatever follows them: they end in content, and a line
    /// end or a space among them has content right behind it.
    private func runEnd(in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte > 0x20 {
                index += 1
            } else if byte == Self.carriageReturn {
                guard index + 2 < bytes.count, bytes[index + 1] == Self.lineFeed, bytes[index + 2] > 0x20 else { break }
                index += 3
            } else if isRelaxed, ASCII.isWhiteSpace(byte) {
                guard byte == 0x20, index + 1 < bytes.count, bytes[index + 1] > 0x20 else { break }
                index += 2
            } else {
                index += 1
            }
        }
        return index
    }

    /// The digest, and whether the canonical body was at least as long as `sizeMax`, if that was given.
    mutating func finish() -> (digest: Digest, reachesSizeMax: Bool) {
        if endsInCarriageReturn { takeContent(Self.carriageReturn) }
        // A body that is not empty ends in exactly one CRLF. An empty one is a CRLF in the simple form, and nothing in
        // the relaxed form.
        if size > 0 || !isRelaxed { emitLineEnd() }
        flush()
        return (hash.digest, size >= sizeMax ?? 0)
    }

    private mutating func take(_ byte: UInt8) {
        if endsInCarriageReturn {
            endsInCarriageReturn = false
            if byte == Self.lineFeed {
                endsInWhiteSpace = false
                pendingLineEnds += 1
                return
            }
            // A CR alone is content, and so is a LF alone: only the two together end a line.
            takeContent(Self.carriageReturn)
        }
        if byte == Self.carriageReturn {
            endsInCarriageReturn = true
        } else if isRelaxed, ASCII.isWhiteSpace(byte) {
            endsInWhiteSpace = true
        } else {
            takeContent(byte)
        }
    }

    private mutating func takeContent(_ byte: UInt8) {
        emitPending()
        emit(byte)
    }

    private mutating func takeRun(_ bytes: Span<UInt8>) {
        emitPending()
        guard bytes.count >= Self.runSizeMin else {
            for index in bytes.indices { emit(bytes[index]) }
            return
        }
        flush()
        hash.update(bytes.extracting(first: min(bytes.count, max(0, (sizeMax ?? .max) - size))))
        size += bytes.count
    }

    /// What was only counted so far, now that content follows it.
    private mutating func emitPending() {
        while pendingLineEnds > 0 {
            emitLineEnd()
            pendingLineEnds -= 1
        }
        if endsInWhiteSpace {
            emit(0x20)
            endsInWhiteSpace = false
        }
    }

    private mutating func emitLineEnd() {
        emit(Self.carriageReturn)
        emit(Self.lineFeed)
    }

    private mutating func emit(_ byte: UInt8) {
        if size < sizeMax ?? .max {
            buffer[fill] = byte
            fill += 1
            if fill == Self.bufferSize { flush() }
        }
        size += 1
    }

    private mutating func flush() {
        guard fill > 0 else { return }
        let buffer = buffer
        hash.update(buffer.span.extracting(..<fill))
        fill = 0
    }
}
