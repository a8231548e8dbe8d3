internal import Glibc

/// Replaces libfcgi's function that reads from a connection.
///
/// libfcgi calls `OS_Read` through the dynamic linker, which takes the program's function instead of the library's. So
/// all bytes that libfcgi parses pass the connection's filter. ``FastCGILibrary`` checks this at start.
///
/// It is `public` because the linker must export it.
@_cdecl("OS_Read")
public func readForFastCGILibrary(_ descriptor: CInt, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> CInt {
    let room = UnsafeMutableBufferPointer(start: bytes, count: count)
    guard let connection = ReadingConnection.current else { return CInt(read(descriptor, bytes, count)) }
    return CInt(connection.read(descriptor, into: room))
}

/// The connection whose request the calling thread reads.
enum ReadingConnection {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let code = pthread_key_create(&key, nil)
        precondition(code == 0, "pthread_key_create: \(String(cString: strerror(code)))")
        return key
    }()

    static var current: FastCGIConnection? {
        pthread_getspecific(key).map { Unmanaged<FastCGIConnection>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Runs `body`, in which libfcgi reads from `connection`.
    static func with<Value>(_ connection: FastCGIConnection, _ body: () -> Value) -> Value {
        pthread_setspecific(key, Unmanaged.passUnretained(connection).toOpaque())
        defer { pthread_setspecific(key, nil) }
        return body()
    }
}
