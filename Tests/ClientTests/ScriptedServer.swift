internal import Glibc
internal import Threading

/// A server on a loopback port. It accepts one connection after the other, and runs a script for each.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let listener: CInt
    private let thread: NamedThread

    /// - Parameter script: called with each connection. The connection is closed when the script returns.
    init(_ script: @escaping @Sendable (ScriptedConnection) -> Void) {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &address) { raw in
            let pointer = raw.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            precondition(bind(listener, pointer, length) == 0 && listen(listener, 16) == 0)
            precondition(getsockname(listener, pointer, &length) == 0)
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        thread = NamedThread("scripted") {
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                script(ScriptedConnection(descriptor: descriptor))
                close(descriptor)
            }
            close(listener)
        }
    }

    func stop() {
        shutdown(listener, CInt(SHUT_RDWR))
        thread.join()
    }
}

struct ScriptedConnection {
    let descriptor: CInt

    /// Reads up to and including the next `end`, or until the connection is closed.
    func read(until end: String) -> String {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while !text.reversed().starts(with: end.utf8.reversed()), recv(descriptor, &byte, 1, 0) == 1 {
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }

    func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress!, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func waitForClose() {
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) == 1 {}
    }
}
