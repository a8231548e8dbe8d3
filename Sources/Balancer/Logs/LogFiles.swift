internal import Synchronization

/// The open log files, one for each path, kept over reloads. A file is closed when no configuration in use names it and
/// no queued line goes to it.
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

    var paths: [String] { files.withLock { $0.values.compactMap(\.file?.path) } }

    /// Opens all files again by their paths, after a log rotation has moved the old ones away (USR1).
    /// - Returns: an error for each file that could not be opened. Lines for it still go to the old file.
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
