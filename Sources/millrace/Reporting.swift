import ArgumentParser
import Glibc
import Settings
import Supervisor

/// An error that ends a subcommand: one line for the user, and the exit code.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    /// The exit code, from sysexits.h if one of its codes fits.
    var code: Int32 = 1
}

extension ParsableCommand {
    /// Runs the body of a subcommand and turns its errors into one line on stderr and an exit code.
    func reporting(_ body: () throws -> Void) throws {
        do {
            for warning in (try? Settings.load())?.warnings ?? [] { warn(warning) }
            try body()
            // The output may still be in a buffer, and writing it can fail, for example if the disk is full.
            guard fflush(nil) == 0 else {
                throw CommandFailure(
                    description: "cannot write the output: \(String(cString: strerror(errno)))", code: 74)
            }
        } catch let error as SettingsError {
            fail(error.description, error.code.rawValue)
        } catch let error as CommandFailure {
            fail(error.description, error.code)
        } catch let error as SetupError {
            fail(error.description, 1)
        } catch let error as ExitCode {
            throw error
        } catch {
            fail("\(error)", 1)
        }
    }
}

/// Writes one line on stderr.
func warn(_ message: String) {
    let line = Array("millrace: warning: \(message)\n".utf8)
    _ = write(2, line, line.count)
}

/// Ends the process with one line on stderr.
func fail(_ message: String, _ code: Int32) -> Never {
    let line = Array("millrace: \(message)\n".utf8)
    _ = write(2, line, line.count)
    exit(code)
}
