internal import CLinux
internal import Glibc

/// A file that is open for reading. It is closed when the last reference is released.
package final class OpenFile: Sendable {
    package enum Kind: Sendable, Hashable {
        case file, folder, other
    }

    package let descriptor: CInt
    package let kind: Kind
    /// The size of the file in bytes.
    package let size: Int
    /// The time of the last change, in seconds since 1970-01-01 00:00:00 UTC.
    package let modified: Int

    /// Opens a file. Symbolic links are followed.
    /// - Parameter path: in the encoding of the file system; must not contain a NUL
    package init(_ path: [UInt8]) throws(SystemError) {
        descriptor = Self.withName(path) { Glibc.open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw SystemError("open", code: errno, subject: String(decoding: path, as: UTF8.self))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw SystemError("fstat", code: code, subject: String(decoding: path, as: UTF8.self))
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .folder
        default: kind = .other
        }
        size = Int(status.st_size)
        modified = Int(status.st_mtim.tv_sec)
    }

    deinit { close(descriptor) }

    /// The kind of the file at a path; nil if there is none, or if this process has no access to it.
    package static func kind(of path: [UInt8]) -> Kind? {
        var status = stat()
        guard withName(path, { stat($0, &status) }) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    private static func withName(_ path: [UInt8], _ call: (UnsafePointer<CChar>) -> CInt) -> CInt {
        (path + [0]).withUnsafeBytes { call($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }
}

/// A part of a file that is being sent to a socket.
package final class FilePart {
    private let descriptor: CInt
    /// Keeps the descriptor open.
    private let owner: AnyObject
    package private(set) var offset: Int
    package private(set) var count: Int

    package convenience init(_ file: OpenFile, offset: Int, count: Int) {
        self.init(file.descriptor, of: file, offset, count)
    }

    package convenience init(_ file: TemporaryFile, offset: Int, count: Int) {
        self.init(file.descriptor, of: file, offset, count)
    }

    private init(_ descriptor: CInt, of owner: AnyObject, _ offset: Int, _ count: Int) {
        self.descriptor = descriptor
        self.owner = owner
        self.offset = offset
        self.count = count
    }

    /// Sends up to `limit` bytes from the front of the part.
    /// - Returns: `closed` if the file has become shorter or the peer has closed the connection
    package func send(to socket: Socket, atMost limit: Int) -> IOOutcome {
        var position = off_t(offset)
        while true {
            let sent = millrace_sendfile(socket.descriptor, descriptor, &position, min(count, limit))
            if sent > 0 {
                offset += sent
                count -= sent
                return .bytes(sent)
            }
            if sent == 0 { return .closed }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case EPIPE, ECONNRESET: return .closed
            default: return .failed(errno)
            }
        }
    }
}
