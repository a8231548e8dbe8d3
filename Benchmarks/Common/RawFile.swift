internal import Glibc

/// The file with the raw numbers of a benchmark.
enum RawFile {
    static func write(_ lines: [String], to path: String) throws(BenchError) {
        if let slash = path.lastIndex(of: "/") { mkdir(String(path[..<slash]), 0o755) }
        guard let file = fopen(path, "w") else { throw BenchError("cannot write \(path)") }
        defer { fclose(file) }
        for line in lines { fputs(line + "\n", file) }
    }
}
