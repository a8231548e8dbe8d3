internal import Glibc

/// Writes a line to standard error: a benchmark takes minutes, and shows its figures as soon as it has them.
func showProgress(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
