import Files

/// Files that the person at the keyboard named: what is wrong with them is wrong usage.
extension OutputFile {
    static func replacing(_ path: String) throws(Complaint) -> OutputFile {
        do throws(FileFault) { return try OutputFile(replacing: path) } catch { throw Complaint(error, status: .usage) }
    }

    static func growing(_ path: String) throws(Complaint) -> OutputFile {
        do throws(FileFault) { return try OutputFile(growing: path) } catch { throw Complaint(error, status: .usage) }
    }
}
