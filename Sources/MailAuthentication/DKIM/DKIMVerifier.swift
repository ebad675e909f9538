import Cryptography

/// Verifies the DKIM signatures of a message (RFC 6376 §6.1, RFC 8301, RFC 8463).
package struct DKIMVerifier: Sendable {
    /// The most signatures of a message that are verified; each may cost a look-up and a pass over the body (RFC 6376
    /// §8.4). The topmost are the last that were added.
    package static let signatureCountMax = 20
    /// So many keys are asked for at once: what a stranger writes into a mail must not fill the way to the name system.
    private static let lookupsAtOnceMax = 4
    /// How far the signer's clock may be ahead of ours.
    package static let clockSkewSecondsMax: Int64 = 300

    private let resolver: any Resolver
    private let keys: DKIMKeyCache

    /// - Parameter keys: the keys that were read before, by this verifier and others.
    package init(resolver: any Resolver, keys: DKIMKeyCache = DKIMKeyCache()) {
        self.resolver = resolver
        self.keys = keys
    }

    /// The results for all signatures of `message` as of a time in seconds since 1970.
    ///
    /// A signature without a defect that shows in the field itself is looked up; each key is asked for once, some at
    /// the same time.
    package func verify(_ message: RawMessage, asOf time: Int64) async -> DKIMReport {
        let header = DKIMHeader(message.fields)
        let places = header.signaturePlaces
        let candidates = places.prefix(Self.signatureCountMax).enumerated().map { index, place in
            DKIMCandidate(message.fields[place], index: index, place: place, asOf: time)
        }
        let lookups = await lookUp(Set(candidates.compactMap { try? $0.signature.get().keyName }))
        var bodies = BodyHashes(body: message.body)
        let results = candidates.map { candidate in
            judge(candidate, header, &bodies, lookups)
        }
        return DKIMReport(results: results, omittedCount: places.count - candidates.count)
    }

    private func lookUp(_ names: Set<DomainName>) async -> [DomainName: DKIMKeyLookup] {
        if names.count == 1, let name = names.first {
            return [name: DKIMKeyLookup(await resolver.answer(to: Question(name, .txt)), keys)]
        }
        return await withTaskGroup(of: (DomainName, Answer).self) { group in
            var lookups: [DomainName: DKIMKeyLookup] = [:]
            for (count, name) in names.enumerated() {
                if count >= Self.lookupsAtOnceMax, let (name, answer) = await group.next() {
                    lookups[name] = DKIMKeyLookup(answer, keys)
                }
                group.addTask { [resolver] in (name, await resolver.answer(to: Question(name, .txt))) }
            }
            for await (name, answer) in group { lookups[name] = DKIMKeyLookup(answer, keys) }
            return lookups
        }
    }

    private func judge(
        _ candidate: DKIMCandidate, _ header: DKIMHeader, _ bodies: inout BodyHashes,
        _ lookups: [DomainName: DKIMKeyLookup]
    ) -> DKIMResult {
        switch candidate.signature {
        case .failure(let reason): return candidate.result(reason, header)
        case .success(let signature):
            guard let lookup = lookups[signature.keyName] else { return candidate.result(.keyNotFound, header) }
            switch lookup.key {
            case .failure(let reason): return candidate.result(reason, header, lookup)
            case .success(let key):
                let reason = verdict(on: signature, of: candidate, key, header, &bodies)
                return candidate.result(reason, header, lookup)
            }
        }
    }

    /// Compares the body before the signature: a body that changed is the commoner cause and the better explanation.
    private func verdict(
        on signature: DKIMSignature, of candidate: DKIMCandidate, _ key: DKIMKey, _ header: DKIMHeader,
        _ bodies: inout BodyHashes
    ) -> DKIMReason {
        if let refusal = key.refusal(of: signature) { return refusal }
        guard bodies.matches(signature) else { return .bodyHashMismatch }
        let digest = header.digest(for: signature, at: candidate.place, emptying: candidate.signatureExtent)
        guard key.verifies(signature.signature, of: digest) else { return .signatureMismatch }
        return signature.bodyLength == nil ? .ok : .bodyLengthLimit
    }
}

/// The hashes of one body, each computed once.
private struct BodyHashes {
    private struct Known {
        let form: DKIMCanonicalization.Form
        let sizeMax: Int?
        /// Nil where the body is shorter than `l=` says, which it must not be (RFC 6376 §3.5).
        let digest: Digest?
    }

    let body: ArraySlice<UInt8>
    /// At most one for each signature.
    private var known: [Known] = []

    init(body: ArraySlice<UInt8>) { self.body = body }

    /// Whether the body is the one that was signed.
    mutating func matches(_ signature: DKIMSignature) -> Bool {
        let (form, sizeMax) = (signature.canonicalization.body, signature.bodyLength)
        let hash = known.first { $0.form == form && $0.sizeMax == sizeMax } ?? computed(form, sizeMax: sizeMax)
        guard let digest = hash.digest else { return false }
        return Digest(signature.bodyHash) == digest
    }

    private mutating func computed(_ form: DKIMCanonicalization.Form, sizeMax: Int?) -> Known {
        var hash = DKIMBodyHash(form, sizeMax: sizeMax)
        hash.update(body.span)
        let (digest, reachesSizeMax) = hash.finish()
        let result = Known(form: form, sizeMax: sizeMax, digest: reachesSizeMax ? digest : nil)
        known.append(result)
        return result
    }
}
