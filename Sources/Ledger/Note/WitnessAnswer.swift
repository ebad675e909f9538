/// What a witness answers to `add-checkpoint` (C2SP tlog-witness): the parts of an HTTP answer that mean something.
package struct WitnessAnswer: Hashable, Sendable {
    /// The longest body that is read, in bytes.
    package static let sizeMax = SignedNote.sizeMax
    private static let sizeType = "text/x.tlog.size"
    private static let textType = "text/plain; charset=utf-8"

    package let status: Int
    package let contentType: String?
    package let body: [UInt8]

    package init(status: Int, contentType: String?, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// The answer with cosignatures: at least one, and none of them with the time 0.
    package init(_ cosignatures: [SignedNote.Signature]) {
        self.init(status: 200, contentType: Self.textType, body: cosignatures.flatMap(\.line))
    }

    package init(_ refusal: WitnessRefusal) {
        if case .conflict(let size) = refusal.reason {
            self.init(status: refusal.status, contentType: Self.sizeType, body: Array("\(size)\n".utf8))
        } else {
            self.init(
                status: refusal.status, contentType: Self.textType, body: Array("\(refusal.sentence)\n".utf8))
        }
    }

    /// The lines of signatures, whosever they are. One line that is none refuses all.
    package func signatures() throws(NoteFault) -> [SignedNote.Signature] {
        guard body.count <= Self.sizeMax else { throw .tooLarge }
        guard !body.isEmpty else { throw .noSignatures }
        guard body.last == 0x0A else { throw .unendedLine }
        let lines = body.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
        guard lines.count <= SignedNote.signatureCountMax else { throw .tooManySignatures }
        var signatures: [SignedNote.Signature] = []
        for line in lines { signatures.append(try SignedNote.signature(line)) }
        return signatures
    }

    /// The size that a witness tells instead of a cosignature. Nil where its content type does not say so: others put
    /// sentences there, and no number in them may be taken for a size.
    package var knownSize: Int? {
        guard let type = contentType?.split(separator: ";").first, body.last == 0x0A else { return nil }
        guard type.lowercased().filter({ $0 != " " }) == Self.sizeType else { return nil }
        return try? NoteLine.number(body.dropLast(), max: Checkpoint.sizeMax)
    }
}
