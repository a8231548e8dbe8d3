import Glibc
import Settings

extension Settings {
    /// The variable's value, or where it is not set a name that tells apart the replicas of a container: the kind of
    /// process and the host's name.
    func processName(_ variable: Variable<String?>, _ kind: String) throws(SettingsError) -> String {
        try value(variable) ?? "\(kind)-\(Self.hostName)"
    }

    /// Without the domain.
    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.split(separator: ".").first.map(String.init) ?? "localhost"
    }
}
