/// A program to start, with its arguments and environment.
package struct Command: Sendable {
    /// The absolute path of the program.
    package var program: String
    /// The program's name among its arguments; `nil` for its path.
    package var name: String?
    /// The arguments without the program's name.
    package var arguments: [String]
    package var environment: [String: String]
    /// The user to run as; `nil` for the user of this process.
    package var account: Account?
    /// The working folder; `nil` for that of this process.
    package var folder: String?
    /// A descriptor that becomes the child's standard input; `nil` for `/dev/null`.
    package var input: CInt?
    /// The signal that the kernel sends to the child when this process ends for any reason. 0 for none.
    package var deathSignal: CInt = 9  // SIGKILL

    package init(
        _ program: String, _ arguments: [String] = [], environment: [String: String], account: Account? = nil,
        folder: String? = nil
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.account = account
        self.folder = folder
    }
}
