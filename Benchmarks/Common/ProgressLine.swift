internal import Glibc

/// Writes a line to standard error. A benchmark takes minutes, so it shows each figure as soon as the figure is known.
func showProgress(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
