internal import FoundationEssentials
internal import Glibc
internal import Supervisor

/// A fresh folder that goes away with this object.
package final class TemporaryFolder: Sendable {
    /// Short, so that unix sockets fit into it.
    package let path: String

    package init() {
        var template = Array("/tmp/mr-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "mkdtemp: \(String(cString: strerror(errno)))")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Servers that run as another user pass through it.
        chmod(path, 0o711)
    }

    deinit { Folder.remove(path) }

    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a text file and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
        return file(name)
    }
}
