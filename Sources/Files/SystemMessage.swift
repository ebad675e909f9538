import Glibc

/// What the system says about an error number.
///
/// The number is read first and handed in: building a text may call the system, which may set another one.
package func systemMessage(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
