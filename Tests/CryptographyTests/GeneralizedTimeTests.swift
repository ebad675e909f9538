import Testing

@testable import Cryptography

@Suite struct `The time of a token` {
    @Test(arguments: [
        ("19700101000000Z", 0), ("20240229235959Z", 1_709_251_199_000_000), ("20000301000000Z", 951_868_800_000_000),
        ("20240229235959.5Z", 1_709_251_199_500_000), ("20240229235959.000001Z", 1_709_251_199_000_001),
        ("20240229235959.1234567Z", 1_709_251_199_123_456), ("99991231235959.999999Z", 253_402_300_799_999_999),
    ])
    func `is read to the microsecond`(text: String, microseconds: Int64) {
        #expect(GeneralizedTime.microseconds(Array(text.utf8)) == microseconds)
    }

    @Test(arguments: [
        "", "Z", "2024022923595Z", "20240229235959", "20240229235959z", "20230229000000Z", "19691231235959Z",
        "20241301000000Z", "20240100000000Z", "20240101240000Z", "20240101006000Z", "20161231235960Z",
        "20240229235959.Z", "20240229235959,5Z", "20240229235959.5", "20240229235959+0000Z", "20240229235959.5:Z",
        "2024022923595+Z", "20240229235959.12345678901234567890x Z",
    ])
    func `is refused in any other form`(text: String) {
        #expect(GeneralizedTime.microseconds(Array(text.utf8)) == nil)
    }
}
