internal import Glibc
package import NginxConfig

extension ConfigurationFiles {
    /// The real file system.
    package static let system = ConfigurationFiles(
        read: { path in
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return .failure(failure()) }
            defer { close(descriptor) }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                let count = Glibc.read(descriptor, &chunk, chunk.count)
                if count < 0 { return .failure(failure()) }
                if count == 0 { return .success(bytes) }
                bytes += chunk[..<count]
            }
        },
        list: { folder in
            guard let stream = opendir(folder) else { return [] }
            defer { closedir(stream) }
            var names: [String] = []
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { names.append(name) }
            }
            return names
        })

    private static func failure() -> FileFailure {
        FileFailure(code: errno, reason: String(cString: strerror(errno)))
    }
}
