internal import FoundationEssentials
internal import Glibc
package import Supervisor
internal import Threading

/// A program that a test has started, and its output. The program is killed when this object is released or the test
/// process ends.
package final class Program: Sendable {
    package let process: ChildProcess
    private let written: Monitor<Written>

    private struct Written {
        var output: [UInt8] = []
        var error: [UInt8] = []
    }

    /// - Parameters:
    ///   - path: an absolute path.
    ///   - environment: variables that replace or extend this process's environment.
    ///   - input: the descriptor that becomes standard input.
    package init(
        _ path: String, _ arguments: [String] = [], environment: [String: String] = [:], account: Account? = nil,
        folder: String? = nil, input: CInt? = nil
    ) throws {
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var command = Command(path, arguments, environment: variables, account: account, folder: folder)
        command.input = input
        let written = Monitor(Written())
        self.written = written
        process = try ChildProcess(
            command, name: String(path.split(separator: "/").last ?? ""),
            output: .separate(
                output: { piece in written.broadcast { $0.output += piece } },
                error: { piece in written.broadcast { $0.error += piece } }))
    }

    /// Starts the `millrace` executable that is beside the test bundle.
    /// - Parameter folder: the working folder of the program.
    package static func millrace(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil, input: CInt? = nil
    ) throws -> Program {
        // When root runs the tests, the balancer also runs as root. So it has access to the files and sockets of the
        // tests.
        let standard = Account.isRoot ? ["MILLRACE_USER": "root"] : [:]
        return try Program(
            builtExecutable("millrace"), arguments, environment: standard.merging(environment) { $1 }, folder: folder,
            input: input)
    }

    deinit { process.signal(SIGKILL) }

    package var standardOutput: String { String(decoding: written.withLock { $0.output }, as: UTF8.self) }
    package var standardError: String { String(decoding: written.withLock { $0.error }, as: UTF8.self) }

    /// Waits until the program has written `text` to standard output or standard error.
    package func waitForText(_ text: String, within timeout: Duration = .seconds(60)) throws {
        let found = written.wait(for: timeout) { written -> Bool? in
            for bytes in [written.output, written.error] where String(decoding: bytes, as: UTF8.self).contains(text) {
                return true
            }
            return nil
        }
        if found == nil {
            throw TestFailure("\"\(text)\" is not in the output after \(timeout):\n\(standardOutput)\(standardError)")
        }
    }

    /// Waits until the program has ended and all of its output has been read.
    package func waitForExit(within timeout: Duration = .seconds(60)) throws -> ExitReason {
        guard let exit = process.waitForExit(timeout) else {
            throw TestFailure("the program has not ended within \(timeout):\n\(standardOutput)\(standardError)")
        }
        process.waitForOutput(.seconds(2))
        return exit
    }
}

/// The path of an executable of this package, in the folder of the running executable (the test bundle).
package func builtExecutable(_ name: String) -> String {
    let bundle = realpath("/proc/self/exe", nil)!
    defer { free(bundle) }
    return Folder.parent(of: String(cString: bundle)) + "/" + name
}
