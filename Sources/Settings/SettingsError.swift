/// A value that cannot be used. The description is one line that names the variable or option, and no secret.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    /// What the process ends with (sysexits.h).
    package enum Code: Int32, Sendable {
        /// EX_USAGE: an option's value.
        case usage = 64
        /// EX_CONFIG: a variable's value, or a file's.
        case configuration = 78
    }

    package let description: String
    package let code: Code

    package init(_ description: String, _ code: Code) {
        self.description = description
        self.code = code
    }
}
