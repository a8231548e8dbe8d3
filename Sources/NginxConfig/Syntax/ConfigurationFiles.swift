/// The file system, as far as a configuration needs it. The caller owns the I/O; tests give a dictionary.
package struct ConfigurationFiles: Sendable {
    package typealias Read = @Sendable (_ path: String) -> Result<[UInt8], FileFailure>
    package typealias List = @Sendable (_ folder: String) -> [String]

    /// The whole file.
    package let read: Read
    /// The names in a folder, without `.` and `..`, in any order; empty where it cannot be listed.
    package let list: List

    package init(read: @escaping Read, list: @escaping List) {
        self.read = read
        self.list = list
    }
}

/// Why a file could not be read, with what a message needs.
package struct FileFailure: Error, Hashable {
    /// errno
    package let code: Int32
    /// strerror's words
    package let reason: String

    package init(code: Int32, reason: String) {
        self.code = code
        self.reason = reason
    }
}
