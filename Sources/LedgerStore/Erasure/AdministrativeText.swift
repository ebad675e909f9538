import Ledger

/// What an operator writes into an `access` entry: one line for people to read.
enum AdministrativeText {
    /// Refuses a text that is empty, too long or holds control characters.
    static func require(_ text: String, most: Int, at name: String) throws(Refusal) {
        do throws(Refusal) {
            _ = try MemberReader.text(.string(text), min: 1, max: most)
        } catch {
            throw error.within(name)
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw Refusal(.invalidMember, "a text without control characters is expected", at: [name])
        }
    }
}
