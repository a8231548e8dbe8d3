internal import FoundationEssentials
internal import Glibc

/// A process that the system shows, whoever started it.
package struct RunningProcess: Sendable, Equatable {
    package let pid: CInt
    package let parent: CInt
    /// The program's name and its arguments.
    package let arguments: [String]

    init?(pid: CInt) {
        guard let status = Self.read("/proc/\(pid)/stat"), let line = Self.read("/proc/\(pid)/cmdline") else {
            return nil
        }
        // The name in parentheses may hold anything: state and parent come after the last one.
        let fields = String(decoding: status, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 2, fields[0] != "Z", let parent = CInt(fields[1]) else { return nil }
        self.pid = pid
        self.parent = parent
        arguments = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func read(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { Array($0) }
    }

    package static var all: [RunningProcess] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { CInt($0) }.compactMap { RunningProcess(pid: $0) }
    }

    /// The processes that `pid` started, and those they started.
    package static func descendants(of pid: CInt) -> [RunningProcess] {
        let all = all
        var found: [RunningProcess] = []
        var parents: Set<CInt> = [pid]
        while !parents.isEmpty {
            let next = all.filter { parents.contains($0.parent) }
            found += next
            parents = Set(next.map(\.pid))
        }
        return found
    }

    /// A variable of the environment that it was started with.
    package func environment(_ name: String) -> String? {
        let variables = Self.read("/proc/\(pid)/environ")?.split(separator: 0) ?? []
        let start = Array("\(name)=".utf8)
        return variables.first { $0.starts(with: start) }.map {
            String(decoding: $0.dropFirst(start.count), as: UTF8.self)
        }
    }

    package var isRunning: Bool { RunningProcess(pid: pid) != nil }
}
