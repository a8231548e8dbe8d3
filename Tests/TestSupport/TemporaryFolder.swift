internal import FoundationEssentials
internal import Glibc
internal import Supervisor

/// A new folder in `TMPDIR` (default `/tmp`). It is removed when this object is released.
package final class TemporaryFolder: Sendable {
    /// A short path, so that the path of a unix socket in the folder has at most 107 bytes.
    package let path: String

    package init() {
        _ = Self.sweep
        var template = Array("\(Self.parent)/mr-\(getpid())-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "mkdtemp: \(String(cString: strerror(errno)))")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Servers that run as another user must be able to pass through the folder.
        chmod(path, 0o711)
    }

    deinit { Folder.remove(path) }

    private static let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"

    /// Removes, once per process, the folders of test processes that were killed.
    private static let sweep: Void = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix("mr-") {
            guard let owner = name.split(separator: "-").dropFirst().first.flatMap({ pid_t($0) }), kill(owner, 0) != 0,
                errno == ESRCH
            else {
                continue
            }
            // The owner may run in another container that shares /tmp, so folders younger than an hour stay.
            var status = stat()
            guard stat("\(parent)/\(name)", &status) == 0, time(nil) - status.st_mtim.tv_sec > 3600 else { continue }
            Folder.remove("\(parent)/\(name)")
        }
    }()

    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a text file and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
        return file(name)
    }
}
