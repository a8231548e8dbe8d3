internal import CLinux
internal import Glibc

/// A file without a name, for bytes that should not stay in memory. It is removed when the last reference is released.
package final class TemporaryFile: Sendable {
    package let descriptor: CInt

    /// - Parameter folder: should be on a disk, not in memory
    package init(in folder: String) throws(SystemError) {
        var descriptor = millrace_temporary_file(folder)
        if descriptor < 0 {
            // Some file systems do not support files without a name.
            var path = Array("\(folder)/millrace-XXXXXX".utf8CString)
            descriptor = mkstemp(&path)
            guard descriptor >= 0 else { throw SystemError("mkstemp", code: errno, subject: folder) }
            unlink(path)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Writes all bytes to the page cache. This blocks only if the kernel has to free pages first.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress! + written, bytes.count - written, off_t(offset + written))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError("pwrite", code: errno) }
            written += count
        }
    }

    package func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
        try bytes.withUnsafeBytes { bytes throws(SystemError) in try write(bytes, at: offset) }
    }

    /// Reads `count` bytes and appends them to `buffer`.
    /// - Throws: if a read fails, or if the file has fewer bytes
    package func read(into buffer: ByteBuffer, at offset: Int, count: Int) throws(SystemError) {
        var code: CInt = 0
        let got = buffer.appending(count) { room in
            while true {
                let got = pread(descriptor, room.baseAddress!, count, off_t(offset))
                if got < 0, errno == EINTR { continue }
                if got < 0 { code = errno }
                return max(0, got)
            }
        }
        guard got == count else { throw SystemError("pread", code: code == 0 ? EIO : code) }
    }

    /// The default folder: `/var/tmp` is on a disk by convention.
    package static let standardFolder = access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp"
}
