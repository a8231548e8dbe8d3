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

extension SettingsError {
    /// For a value whose form is known to its user only.
    /// - Parameters:
    ///   - option: the name of the option that it came from; `nil`: it is the variable's.
    ///   - reason: what is wrong, without a secret.
    package init<Value>(_ variable: Variable<Value>, option: String? = nil, _ reason: String) {
        self.init("\(option ?? variable.name): \(reason)", option == nil ? .configuration : .usage)
    }
}
