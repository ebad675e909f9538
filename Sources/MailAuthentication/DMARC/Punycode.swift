/// Punycode (RFC 3492): Unicode labels written in ASCII, so that the Public Suffix List's names match A-labels.
///
/// It is the encoding alone. It does not map, normalise or judge: no case folding beyond ASCII, no NFC, no nameprep
/// (RFC 3491), no IDNA or UTS 46 check of what may stand in a label. The Public Suffix List is published in that form
/// already; a name that a person typed is not, and needs more than this.
package enum Punycode {
    /// The longest input, in code points or ASCII characters: that of a label (RFC 1035 §2.3.4). It also bounds the
    /// work, which grows with the square.
    package static let sizeMax = 63

    // The parameters of RFC 3492 §5.
    private static let base: UInt32 = 36
    private static let lowerThreshold: UInt32 = 1
    private static let upperThreshold: UInt32 = 26
    private static let skew: UInt32 = 38
    private static let damp: UInt32 = 700
    private static let initialBias: UInt32 = 72
    private static let initialN: UInt32 = 0x80

    /// The A-label for `label`: lower case when it is ASCII, else `xn--` and its Punycode; nil if it gets too long.
    package static func asciiLabel(_ label: some StringProtocol) -> String? {
        if label.utf8.allSatisfy({ $0 < 0x80 }) {
            guard label.utf8.count <= sizeMax else { return nil }
            return String(decoding: label.utf8.map(ASCII.lowercased), as: UTF8.self)
        }
        guard let encoded = encode(Array(label.unicodeScalars)), encoded.count + 4 <= sizeMax else { return nil }
        return "xn--" + String(decoding: encoded, as: UTF8.self)
    }

    /// The Punycode of `scalars` (RFC 3492 §6.3), without a prefix; nil if it gets too long or a number overflows.
    package static func encode(_ scalars: [Unicode.Scalar]) -> [UInt8]? {
        guard scalars.count <= sizeMax else { return nil }
        let basic = scalars.filter(\.isASCII).map { UInt8(truncatingIfNeeded: $0.value) }
        var output = basic.isEmpty ? [] : basic + [UInt8(ascii: "-")]
        var (n, delta, bias) = (initialN, UInt32(0), initialBias)
        var handled = UInt32(basic.count)
        while handled < scalars.count {
            guard let next = scalars.lazy.map(\.value).filter({ $0 >= n }).min(),
                let advanced = add(delta, times: next - n, handled + 1)
            else { return nil }
            (n, delta) = (next, advanced)
            for scalar in scalars {
                if scalar.value < n {
                    guard let more = add(delta, times: 1, 1) else { return nil }
                    delta = more
                }
                guard scalar.value == n else { continue }
                appendInteger(delta, bias: bias, to: &output)
                bias = adapt(delta, count: handled + 1, isFirst: handled == UInt32(basic.count))
                delta = 0
                handled += 1
            }
            guard let more = add(delta, times: 1, 1) else { return nil }
            delta = more
            n += 1
        }
        return output.count <= sizeMax ? output : nil
    }

    /// The code points that `text` encodes (RFC 3492 §6.2); nil if it is no Punycode.
    package static func decode(_ text: some Collection<UInt8>) -> [Unicode.Scalar]? {
        let text = Array(text)
        guard text.count <= sizeMax, text.allSatisfy({ $0 < 0x80 }) else { return nil }
        let delimiter = text.lastIndex(of: UInt8(ascii: "-"))
        var output = text[..<(delimiter ?? 0)].map { Unicode.Scalar($0) }
        var rest = text[(delimiter.map { $0 + 1 } ?? 0)...]
        var (n, index, bias) = (initialN, UInt32(0), initialBias)
        while !rest.isEmpty {
            let start = index
            guard let end = takeInteger(from: &rest, startingAt: start, bias: bias) else { return nil }
            let count = UInt32(output.count) + 1
            bias = adapt(end - start, count: count, isFirst: start == 0)
            guard let sum = add(n, times: end / count, 1), let scalar = Unicode.Scalar(sum) else { return nil }
            n = sum
            output.insert(scalar, at: Int(end % count))
            index = end % count + 1
        }
        return output
    }

    /// `value + factor * times`; nil on overflow.
    private static func add(_ value: UInt32, times: UInt32, _ factor: UInt32) -> UInt32? {
        let (product, overflows) = times.multipliedReportingOverflow(by: factor)
        guard !overflows else { return nil }
        let (sum, carries) = value.addingReportingOverflow(product)
        return carries ? nil : sum
    }

    private static func threshold(_ k: UInt32, _ bias: UInt32) -> UInt32 {
        k <= bias ? lowerThreshold : min(k - bias, upperThreshold)
    }

    /// Writes a generalized variable-length integer (RFC 3492 §3.3).
    private static func appendInteger(_ delta: UInt32, bias: UInt32, to output: inout [UInt8]) {
        var (q, k) = (delta, base)
        while true {
            let t = threshold(k, bias)
            guard q >= t else { break }
            output.append(digit(t + (q - t) % (base - t)))
            q = (q - t) / (base - t)
            k += base
        }
        output.append(digit(q))
    }

    /// Reads a generalized variable-length integer and adds it to `start`; nil if it is cut short or overflows.
    private static func takeInteger(
        from rest: inout ArraySlice<UInt8>, startingAt start: UInt32, bias: UInt32
    ) -> UInt32? {
        var (index, weight, k) = (start, UInt32(1), base)
        while let byte = rest.popFirst() {
            guard let digit = value(byte), let sum = add(index, times: digit, weight) else { return nil }
            index = sum
            let t = threshold(k, bias)
            if digit < t { return index }
            guard let heavier = add(0, times: weight, base - t) else { return nil }
            weight = heavier
            k += base
        }
        return nil
    }

    /// The bias for the next integer (RFC 3492 §6.1).
    private static func adapt(_ delta: UInt32, count: UInt32, isFirst: Bool) -> UInt32 {
        var delta = isFirst ? delta / damp : delta / 2
        delta += delta / count
        var k: UInt32 = 0
        while delta > (base - lowerThreshold) * upperThreshold / 2 {
            delta /= base - lowerThreshold
            k += base
        }
        return k + (base - lowerThreshold + 1) * delta / (delta + skew)
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: value)
        return value < 26 ? value + UInt8(ascii: "a") : value - 26 + UInt8(ascii: "0")
    }

    private static func value(_ digit: UInt8) -> UInt32? {
        let letter = ASCII.lowercased(digit)
        if ASCII.isAlpha(letter) { return UInt32(letter - UInt8(ascii: "a")) }
        return ASCII.isDigit(digit) ? UInt32(digit - UInt8(ascii: "0")) + 26 : nil
    }
}
