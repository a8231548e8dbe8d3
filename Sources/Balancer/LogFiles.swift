internal import Synchronization

/// The log files that are open, one for each path over all reloads.
package final class LogFiles: Sendable {
    package struct OpenError: Error, CustomStringConvertible {
        package let description: String
    }

    let standardError = LogFile()
    private let files = Mutex<[String: LogFile]>([:])

    package init() {}

    func open(_ path: String) throws(OpenError) -> LogFile {
        let result = files.withLock { files -> Result<LogFile, OpenError> in
            if let file = files[path] { return .success(file) }
            do throws(LogFile.OpenError) {
                let file = try LogFile(path: path)
                files[path] = file
                return .success(file)
            } catch {
                return .failure(OpenError(description: error.description))
            }
        }
        return try result.get()
    }

    /// USR1: the files were moved away, go on in new ones.
    func reopenAll() {
        for file in files.withLock({ Array($0.values) }) { file.reopen() }
    }
}
