internal import Glibc

/// The process metrics that all of Prometheus's client libraries have.
enum ProcessMetrics {
    static func write(to text: inout PrometheusText) {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        func family(_ name: String, _ kind: PrometheusText.Kind, help: String, _ value: Double?) {
            if let value { text.family(name, kind, help: help, [([], .double(value))]) }
        }
        family("process_cpu_seconds_total", .counter, help: "Processor time used, user and system.", cpu)
        family("process_resident_memory_bytes", .gauge, help: "Resident memory.", residentBytes)
        family("process_open_fds", .gauge, help: "Open file descriptors.", openDescriptors)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }

    /// The second number of `/proc/self/statm`, which is in pages (proc(5)). nil if it cannot be read.
    private static var residentBytes: Double? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, CInt(line.count), file) != nil else { return nil }
        let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
            separator: " ")
        guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
        return pages * Double(sysconf(CInt(_SC_PAGESIZE)))
    }

    private static var openDescriptors: Double? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = -3.0  // ".", "..", and the descriptor of the directory itself
        while readdir(folder) != nil { count += 1 }
        return count
    }
}
