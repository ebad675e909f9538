/// What programs have said.
enum TextFile {
    /// The last `count` lines of `text`.
    static func lastLines(_ count: Int, of text: String) -> String {
        text.split(separator: "\n").suffix(count).joined(separator: "\n")
    }
}
