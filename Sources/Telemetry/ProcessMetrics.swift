internal import Glibc

/// The metrics of a process that Prometheus's own client libraries agree on.
enum ProcessMetrics {
    static func text() -> String {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        var text = PrometheusText()
        let samples: [(name: String, type: String, help: String, value: Double?)] = [
            ("process_cpu_seconds_total", "counter", "Processor time used, user and system.", cpu),
            ("process_resident_memory_bytes", "gauge", "Resident memory.", residentBytes),
            ("process_open_fds", "gauge", "Open file descriptors.", openDescriptors),
        ]
        for sample in samples {
            guard let value = sample.value else { continue }
            text.header(sample.name, type: sample.type, help: sample.help)
            text.sample(sample.name, [], PrometheusText.number(value))
        }
        return text.text
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }

    /// The second number of proc(5)'s statm, in pages.
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
        var count = -3.0  // ".", "..", and the descriptor of the folder itself
        while readdir(folder) != nil { count += 1 }
        return count
    }
}
