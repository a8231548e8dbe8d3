import FoundationEssentials

/// The process id in a pid file; nil if there is no such file.
func processID(in file: String) -> CInt? {
    (try? String(contentsOfFile: file, encoding: .utf8)).flatMap { CInt($0.split(separator: "\n").first ?? "") }
}
