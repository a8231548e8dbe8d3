internal import Bytes
internal import NginxConfig

/// Maps the paths of requests to file names (`root`, `alias`).
struct FileNames {
    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    /// - Returns: nil if the name has a component `..` or a NUL byte. A request's own path is normalized, so only a
    ///   variable can cause this.
    func name(of path: [UInt8]) -> [UInt8]? {
        let root = exchange.location.settings.files.root
        var name: [UInt8] = []
        exchange.variables.append(root.path, to: &name)
        switch root.alias {
        case nil: name += path
        case .prefix(let count): name += path.dropFirst(count)
        case .whole: break
        }
        let climbs = name.split(separator: ASCII.slash).contains([ASCII.dot, ASCII.dot])
        return climbs || name.contains(0) ? nil : name
    }

    /// The path, percent-encoded for a URL as nginx does it (NGX_ESCAPE_URI).
    static func escaped(_ path: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for byte in path {
            if byte.isVisible, byte != ASCII.quote, byte != ASCII.hash, byte != ASCII.percent, byte != ASCII.question {
                out.append(byte)
            } else {
                out.append(ASCII.percent)
                out.append(capitalHex: byte)
            }
        }
        return out
    }
}
