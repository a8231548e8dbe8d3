/// What to start: a program, its arguments and surroundings.
package struct Command: Sendable {
    /// An absolute path.
    package var program: String
    /// Without the program's own name.
    package var arguments: [String]
    package var environment: [String: String]
    /// `nil`: whoever runs this process.
    package var account: Account?
    /// The working folder; `nil`: this process's.
    package var folder: String?
    /// A descriptor that becomes the child's standard input; `nil`: `/dev/null`.
    package var input: CInt?
    /// What the kernel sends the child when this process ends, however it ends.
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
