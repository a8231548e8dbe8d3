internal import Glibc

/// A problem with the machine or with a folder. The user has to solve it.
package struct SetupError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// A failed system call.
    init(_ what: String, errno code: CInt) {
        switch code {
        case ENOSPC, EDQUOT: description = "\(what): the disk is full"
        case EROFS: description = "\(what): the file system is read-only"
        default: description = "\(what): \(String(cString: strerror(code)))"
        }
    }
}
