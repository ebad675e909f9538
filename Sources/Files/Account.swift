import Glibc

/// An account of the operating system.
package struct Account: Sendable, Equatable {
    package let userID: UInt32
    package let groupID: UInt32
    package let name: String

    /// The account of this name; nil where there is none.
    package static func find(name: String) -> Account? {
        unsafe lookUp { entry, buffer, result in
            unsafe getpwnam_r(name, entry, buffer, Self.bufferBytes, result)
        }
    }

    /// The account with this number; nil where none has a name.
    package static func find(userID: UInt32) -> Account? {
        unsafe lookUp { entry, buffer, result in
            unsafe getpwuid_r(userID, entry, buffer, Self.bufferBytes, result)
        }
    }

    /// How sentences call the account with this number.
    package static func name(of userID: UInt32) -> String { find(userID: userID)?.name ?? "user \(userID)" }

    private static let bufferBytes = 16_384

    private typealias Query = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func lookUp(_ query: Query) -> Account? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: bufferBytes) { buffer in
            guard let start = buffer.baseAddress, unsafe query(&entry, start, &found) == 0, unsafe found != nil else {
                return nil
            }
            return unsafe Account(userID: entry.pw_uid, groupID: entry.pw_gid, name: String(cString: entry.pw_name))
        }
    }
}
