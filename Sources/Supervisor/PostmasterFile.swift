internal import FoundationEssentials
internal import Glibc

/// `postmaster.pid`, which a running server keeps in its data folder (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_…).
struct PostmasterFile {
    let pid: pid_t
    /// The eighth line: `starting`, `stopping`, `ready`, `standby`.
    let status: String?

    /// `nil`: no server runs there, or none that got that far.
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

    /// Whether that process runs, and is a PostgreSQL server in `dataFolder`: ids are used again, and a file that a
    /// killed server left may name some other process by now.
    func isAlive(in dataFolder: String) -> Bool {
        guard kill(pid, 0) == 0 || errno == EPERM else { return false }
        guard let there = realpath("/proc/\(pid)/cwd", nil) else { return false }
        defer { free(there) }
        guard let here = realpath(dataFolder, nil) else { return false }
        defer { free(here) }
        return strcmp(here, there) == 0
    }
}
