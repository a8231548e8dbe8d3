internal import FoundationEssentials
internal import Glibc

/// The file `postmaster.pid` in the data folder of a running server (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_…).
struct PostmasterFile {
    let pid: pid_t
    /// The eighth line: `starting`, `stopping`, `ready`, `standby`.
    let status: String?

    /// `nil` if there is no valid file: no server runs, or the server has just begun to start.
    init?(dataFolder: String) {
        guard let data = FileManager.default.contents(atPath: dataFolder + "/postmaster.pid") else { return nil }
        self.init(text: String(decoding: data, as: UTF8.self))
    }

    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let pid = pid_t(first), pid > 0 else { return nil }
        self.pid = pid
        status = lines.count > 7 ? String(lines[7].prefix { $0 != " " }) : nil
    }

    /// Whether the process is a running PostgreSQL server of `dataFolder`.
    ///
    /// The file of a killed server may contain an id that now belongs to another process. So this also checks the
    /// process's working folder: a server works in its data folder.
    func isAlive(in dataFolder: String) -> Bool {
        guard kill(pid, 0) == 0 || errno == EPERM else { return false }
        guard let there = realpath("/proc/\(pid)/cwd", nil) else { return false }
        defer { free(there) }
        guard let here = realpath(dataFolder, nil) else { return false }
        defer { free(here) }
        return strcmp(here, there) == 0
    }
}
