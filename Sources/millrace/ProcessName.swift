import Glibc
import Settings

extension Settings {
    /// The variable's value. If it is not set, the kind of process and the host's name, which is different for each
    /// replica of a container.
    func processName(_ variable: EnvironmentVariable<String?>, _ kind: String) throws(SettingsError) -> String {
        try value(variable) ?? "\(kind)-\(Self.hostName)"
    }

    /// The host's name without its domain.
    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.split(separator: ".").first.map(String.init) ?? "localhost"
    }
}
