import ArgumentParser

extension Millrace {
    /// Like ArgumentParser's `main`, except that an invalid command line is reported with one line. ArgumentParser also
    /// prints the help of the option and the usage.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            let mistake = message(for: error).split(separator: "\n").first ?? "invalid command line"
            fail("\(mistake) (see \(helpCall))", ExitCode.validationFailure.rawValue)
        }
    }

    /// The command that shows the help of the subcommand.
    private static var helpCall: String {
        let commands = configuration.subcommands.map { $0.configuration.commandName }
        let command = CommandLine.arguments.dropFirst().first { commands.contains($0) }
        return "millrace \(command.map { "\($0) " } ?? "")--help"
    }
}
