internal import Glibc
internal import HTTPWire
internal import Reactor
internal import Threading

/// A small HTTP server for Prometheus: one thread, one connection at a time, `GET` and `HEAD` only. Every connection is
/// closed after its answer.
package final class MetricsListener: Sendable {
    /// Why the listener cannot listen on an address.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The timeout for receiving a request, and for sending its answer.
    private static let timeout = Duration.seconds(2)

    let port: UInt16
    private let thread: NamedThread
    private let end = EventFD()

    /// - Parameters:
    ///   - place: the address to listen on. For port 0, the system chooses a port.
    ///   - page: the answer for a path; `nil` if there is none.
    init(_ place: HostPort, page: @escaping @Sendable (String) -> MetricsPage?) throws(Failure) {
        let listener: ListeningSocket
        do {
            listener = try ListeningSocket.listen(on: place.addresses()[0], .init(ipv6Only: false))
        } catch {
            throw Failure(description: "cannot listen on \(place): \(error)")
        }
        port = listener.localAddress?.port ?? place.port
        let (descriptor, end) = (listener.descriptor, end)
        thread = NamedThread("metrics") {
            defer {
                // A child process that is being started may hold a copy of the descriptor for a moment. `shutdown`
                // closes the socket for this copy as well.
                shutdown(descriptor, CInt(SHUT_RDWR))
                close(descriptor)
            }
            while Self.wait(for: descriptor, or: end.descriptor) {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else {
                    // Without free descriptors the socket stays readable: pause, so that this does not become a busy
                    // loop.
                    if errno == EMFILE || errno == ENFILE { usleep(100_000) }
                    continue
                }
                Self.serve(connection, page)
                close(connection)
            }
        }
    }

    /// Ends the thread. Call it once.
    func stop() {
        end.signal()
        thread.join()
    }

    /// - Returns: `false` if the thread has to end.
    private static func wait(for listener: CInt, or end: CInt) -> Bool {
        var descriptors = [
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0), pollfd(fd: end, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&descriptors, 2, -1) < 0 {}
        return descriptors[1].revents == 0
    }

    private static func serve(_ connection: CInt, _ page: (String) -> MetricsPage?) {
        var limit = timeval(tv_sec: Int(timeout.components.seconds), tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard let answer = answer(connection, page) else { return }
        var rest = answer[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads a request.
    /// - Returns: the answer to it; `nil` if the request did not arrive in time.
    private static func answer(_ connection: CInt, _ page: (String) -> MetricsPage?) -> [UInt8]? {
        let deadline = ContinuousClock.now + timeout
        var request = MetricsRequest()
        var buffer = [UInt8](repeating: 0, count: 2048)
        while true {
            let left = deadline - .now
            var descriptor = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            guard left > .zero, poll(&descriptor, 1, left.pollMilliseconds) > 0 else { return nil }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            if let answer = request.receive(buffer[..<count], page) { return answer }
        }
    }
}
