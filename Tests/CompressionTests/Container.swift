import Compression

/// Gzip files and ZIP archives, right or wrong in one place.
enum Container {
    static func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }

    static func gzip(
        _ content: [UInt8], deflated: [UInt8]? = nil, flags: UInt8 = 0, extra: [UInt8] = [], checksum: UInt32? = nil
    ) -> [UInt8] {
        let sum = checksum ?? Checksum.crc32(content.span)
        return [0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 3] + extra + (deflated ?? DeflateWriter.stored(content))
            + little(Int(sum), 4) + little(content.count, 4)
    }

    /// One member of an archive; `local…` is what the local header says instead.
    struct Member {
        var name = "r.xml"
        var content: [UInt8] = Array("<feedback/>".utf8)
        var data: [UInt8]?
        var method = 0
        var flags = 0
        var size: Int?
        var checksum: Int?
        var localName: String?
        var localSize: Int?
    }

    static func zip(_ members: [Member], comment: [UInt8] = []) -> [UInt8] {
        var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
        for member in members {
            let data = member.data ?? member.content
            let sum = member.checksum ?? Int(Checksum.crc32(member.content.span))
            let size = member.size ?? member.content.count
            let offset = bytes.count
            let common = little(member.flags, 2) + little(member.method, 2) + [0, 0, 0, 0] + little(sum, 4)
            let localName = Array((member.localName ?? member.name).utf8)
            bytes += [0x50, 0x4B, 3, 4, 20, 0] + common + little(data.count, 4) + little(member.localSize ?? size, 4)
            bytes += little(localName.count, 2) + [0, 0] + localName + data
            directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + common + little(data.count, 4) + little(size, 4)
            directory += little(member.name.utf8.count, 2) + [UInt8](repeating: 0, count: 12) + little(offset, 4)
            directory += Array(member.name.utf8)
        }
        let end = [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + little(members.count, 2) + little(members.count, 2)
        return bytes + directory + end + little(directory.count, 4) + little(bytes.count, 4)
            + little(comment.count, 2) + comment
    }

    /// The bytes that hexadecimal digits spell.
    static func hex(_ digits: String) -> [UInt8] {
        let digits = Array(digits)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    /// Written by Python 3.12: deflated, the gzip one with a name, the ZIP one with a data descriptor.
    static let text = "<feedback><version>1.0</version><record/><record/><record/></feedback>"
    static let pythonGzip = hex(
        "1f8b08080000000002ff722e786d6c00b3494b4d4d494a4cceb6b3294b2d2acecccfb333d433b0d187716c8a5293f38b52f4b131f4e1"
            + "7a017e81c87946000000")
    static let pythonZip = hex(
        "504b03041400080008000000215000000000000000000000000005000000722e786d6cb3494b4d4d494a4cceb6b3294b2d2acecccfb3"
            + "33d433b0d187716c8a5293f38b52f4b131f4e17a01504b07087e81c8792800000046000000504b010214031400080008000000"
            + "21507e81c8792800000046000000050000000000000000000000800100000000722e786d6c504b050600000000010001003300"
            + "00005b0000000000")
}
