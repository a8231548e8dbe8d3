internal import FoundationEssentials
internal import Glibc

/// A process of this machine as `/proc` shows it.
package struct RunningProcess: Sendable, Equatable {
    package let pid: CInt
    package let parent: CInt
    /// The program's name, then its arguments.
    package let arguments: [String]
    /// The processor time so far in seconds: `userTime` in the program, `systemTime` in the kernel for the program.
    package let userTime: Double
    package let systemTime: Double
    /// Processor time of children that have ended, in seconds.
    package let endedChildrenTime: Double

    package init?(pid: CInt) {
        guard let status = Self.read("/proc/\(pid)/stat"), let line = Self.read("/proc/\(pid)/cmdline") else {
            return nil
        }
        // The name in parentheses may contain any character. State and parent follow the last parenthesis.
        let fields = String(decoding: status, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 14, fields[0] != "Z", let parent = CInt(fields[1]) else { return nil }
        self.pid = pid
        self.parent = parent
        let ticks = Double(sysconf(CInt(_SC_CLK_TCK)))
        func seconds(_ index: Int) -> Double { (Double(fields[index]) ?? 0) / ticks }
        // proc(5): utime, stime, cutime and cstime are the fields 14 to 17. `fields[0]` is field 3.
        userTime = seconds(11)
        systemTime = seconds(12)
        endedChildrenTime = seconds(13) + seconds(14)
        arguments = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func read(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { Array($0) }
    }

    package static var all: [RunningProcess] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { CInt($0) }.compactMap { RunningProcess(pid: $0) }
    }

    /// The children of `pid`, their children, and so on.
    package static func descendants(
        of pid: CInt, among all: [RunningProcess] = RunningProcess.all
    ) -> [RunningProcess] {
        var found: [RunningProcess] = []
        var parents: Set<CInt> = [pid]
        while !parents.isEmpty {
            let next = all.filter { parents.contains($0.parent) }
            found += next
            parents = Set(next.map(\.pid))
        }
        return found
    }

    /// A variable of the environment that the process was started with.
    package func environment(_ name: String) -> String? {
        let variables = Self.read("/proc/\(pid)/environ")?.split(separator: 0) ?? []
        let start = Array("\(name)=".utf8)
        return variables.first { $0.starts(with: start) }.map {
            String(decoding: $0.dropFirst(start.count), as: UTF8.self)
        }
    }

    package var isRunning: Bool { RunningProcess(pid: pid) != nil }
}
