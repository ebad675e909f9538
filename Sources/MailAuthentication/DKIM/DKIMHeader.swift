import Cryptography

/// The header of a message as its signatures see it: which fields `h=` means, and their canonical form.
struct DKIMHeader {
    private let fields: [HeaderField]
    /// The name of each field, in lower case.
    private let names: [String]
    /// A number for each name, counted from 0: first the important ones, whether they occur or not.
    private let numbers: [String: Int]
    /// Where the lowest field of each name stands, by the name's number.
    private let lowest: [Int?]
    /// Where the next field of the same name stands above each field; nil for the topmost.
    private let above: [Int?]

    /// The name of the field that carries a signature.
    static let signatureName = "dkim-signature"

    private static let importantNumbers = Dictionary(
        uniqueKeysWithValues: DKIMResult.important.enumerated().map { ($1, $0) })

    init(_ fields: [HeaderField]) {
        self.fields = fields
        names = fields.map(\.name)
        var numbers = Self.importantNumbers
        var lowest = [Int?](repeating: nil, count: numbers.count)
        var above = [Int?](repeating: nil, count: fields.count)
        for (place, name) in names.enumerated() {
            if let number = numbers[name] {
                above[place] = lowest[number]
                lowest[number] = place
            } else {
                numbers[name] = lowest.count
                lowest.append(place)
            }
        }
        (self.numbers, self.lowest, self.above) = (numbers, lowest, above)
    }

    /// Where the signatures stand, from the top.
    var signaturePlaces: [Int] {
        var places: [Int] = []
        var next = numbers[Self.signatureName].flatMap { lowest[$0] }
        while let place = next {
            places.append(place)
            next = above[place]
        }
        return places.reversed()
    }

    /// The digest that a signature is over (RFC 6376 §3.7): the fields that it names, then its own field with `b=`
    /// emptied and without the last line end.
    ///
    /// - Parameters:
    ///   - place: where the signature's field stands.
    ///   - extent: where in the field the value of `b=` stands, with the white space around it.
    func digest(for signature: DKIMSignature, at place: Int, emptying extent: Range<Int>) -> Digest {
        let form = signature.canonicalization.header
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1_024)
        for place in selection(signature.signedHeaders, excluding: place) {
            switch form {
            case .simple: bytes += fields[place].raw
            case .relaxed: Self.append(names[place], fields[place].body, to: &bytes)
            }
        }
        let (raw, body) = (fields[place].raw, fields[place].body)
        switch form {
        case .simple:
            bytes += raw[..<extent.lowerBound]
            bytes += raw[extent.upperBound..<body.endIndex]
        case .relaxed:
            let emptied = raw[body.startIndex..<extent.lowerBound] + raw[extent.upperBound..<body.endIndex]
            Self.append(names[place], emptied, to: &bytes)
            bytes.removeLast(2)
        }
        return SHA256.digest(bytes)
    }

    /// Where the fields stand that `h=` means: each mention of a name takes the lowest field of it that is not taken
    /// yet; a mention that finds none stands for nothing (RFC 6376 §5.4.2). The signature's own field is never meant.
    func selection(_ signedHeaders: [String], excluding own: Int) -> [Int] {
        // The lowest field of each name that is not taken yet, by the name's number.
        var next = lowest.map { $0 == own ? above[own] : $0 }
        var selection: [Int] = []
        for name in signedHeaders {
            guard let number = numbers[name], let place = next[number] else { continue }
            selection.append(place)
            next[number] = above[place] == own ? above[own] : above[place]
        }
        return selection
    }

    /// Those of ``DKIMResult/important`` of which a field stands in the message that `h=` does not mean.
    func unsignedImportant(by signedHeaders: [String]) -> [String] {
        var next = lowest
        for name in signedHeaders {
            guard let number = numbers[name], let place = next[number] else { continue }
            next[number] = above[place]
        }
        return zip(DKIMResult.important, next).compactMap { name, place in place == nil ? nil : name }
    }

    /// Appends a field in the relaxed form (RFC 6376 §3.4.2): the name in lower case, folds undone, white space as one
    /// space inside the value and none around it.
    ///
    /// A LF alone that folds a field is undone as CRLF is; a CR alone is content.
    static func append(_ name: String, _ value: ArraySlice<UInt8>, to target: inout [UInt8]) {
        target += name.utf8
        target.append(UInt8(ascii: ":"))
        let start = target.count
        var (endsInWhiteSpace, endsInCarriageReturn) = (false, false)
        let appendContent = { (byte: UInt8, target: inout [UInt8]) in
            if endsInWhiteSpace, target.count > start { target.append(0x20) }
            endsInWhiteSpace = false
            target.append(byte)
        }
        for byte in value {
            if endsInCarriageReturn, byte != 0x0A { appendContent(0x0D, &target) }
            endsInCarriageReturn = byte == 0x0D
            switch byte {
            case 0x0D, 0x0A: break
            case 0x20, 0x09: endsInWhiteSpace = true
            default: appendContent(byte, &target)
            }
        }
        if endsInCarriageReturn { appendContent(0x0D, &target) }
        target += [0x0D, 0x0A]
    }
}
