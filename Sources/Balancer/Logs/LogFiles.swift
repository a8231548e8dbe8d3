internal import Synchronization

/// The log files that are open, one for each path over all reloads. A file that no configuration in use names, and no
/// line waits for, is closed.
package final class LogFiles: Sendable {
    package struct OpenError: Error, CustomStringConvertible {
        package let description: String
    }

    private struct Entry {
        weak var file: LogFile?
    }

    let standardError = LogFile()
    private let files = Mutex<[String: Entry]>([:])

    package init() {}

    func open(_ path: String) throws(OpenError) -> LogFile {
        let result = files.withLock { files -> Result<LogFile, OpenError> in
            if let file = files[path]?.file { return .success(file) }
            do throws(LogFile.OpenError) {
                let file = try LogFile(path: path)
                files = files.filter { $0.value.file != nil }
                files[path] = Entry(file: file)
                return .success(file)
            } catch {
                return .failure(OpenError(description: error.description))
            }
        }
        return try result.get()
    }

    /// USR1: the files were moved away, go on in new ones.
    /// - Returns: of those that could not be opened; their lines go on to where they went.
    func reopenAll() -> [OpenError] {
        files.withLock { $0.values.compactMap(\.file) }.compactMap { file in
            do throws(LogFile.OpenError) {
                try file.reopen()
                return nil
            } catch {
                return OpenError(description: error.description)
            }
        }
    }
}
