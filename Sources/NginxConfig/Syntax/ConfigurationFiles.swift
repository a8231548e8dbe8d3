/// Access to the file system. The caller supplies it, so that this target does no I/O; tests use a dictionary.
package struct ConfigurationFiles: Sendable {
    package typealias Read = @Sendable (_ path: String) -> Result<[UInt8], FileFailure>
    package typealias List = @Sendable (_ folder: String) -> [String]

    /// Returns the contents of a file.
    package let read: Read
    /// Returns the names in a folder, without `.` and `..`, in any order; empty if the folder cannot be read.
    package let list: List

    package init(read: @escaping Read, list: @escaping List) {
        self.read = read
        self.list = list
    }
}

/// Why a file could not be read.
package struct FileFailure: Error, Hashable {
    /// `errno`
    package let code: Int32
    /// The text of `strerror`
    package let reason: String

    package init(code: Int32, reason: String) {
        self.code = code
        self.reason = reason
    }
}
