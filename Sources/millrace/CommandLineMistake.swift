import ArgumentParser

extension Millrace {
    /// ArgumentParser's own `main` but for a mistake on the command line, which is one line here: its message adds the
    /// option's help and the usage.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            let mistake = message(for: error).split(separator: "\n").first ?? "the command line is not understood"
            fail("\(mistake) (see \(helpCall))", ExitCode.validationFailure.rawValue)
        }
    }

    /// What shows the help of the subcommand that was meant.
    private static var helpCall: String {
        let commands = configuration.subcommands.map { $0.configuration.commandName }
        let command = CommandLine.arguments.dropFirst().first { commands.contains($0) }
        return "millrace \(command.map { "\($0) " } ?? "")--help"
    }
}
