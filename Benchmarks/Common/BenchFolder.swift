internal import FoundationEssentials
internal import Glibc
internal import Supervisor

/// A temporary folder of a benchmark's own.
struct BenchFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/millrace-bench-\(getpid())"
        // PostgreSQL runs as another user where root measures: it must be able to enter.
        try Folder.make(path, mode: 0o755)
    }

    func remove() { Folder.remove(path) }
}
