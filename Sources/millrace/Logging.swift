import Glibc
import Logging
import Settings
import Telemetry

extension Settings {
    /// Sets up logging and metrics of this process. Call it before the first logger is created.
    func startLogging(as component: String) throws(SettingsError) -> Logger {
        let level = Logger.Level(rawValue: try value(EnvironmentVariables.logLevel).rawValue) ?? .info
        let format: Telemetry.LogFormat =
            switch try value(EnvironmentVariables.logFormat) {
            case .text: .text
            case .json: .json
            case .auto: isatty(2) == 1 ? .text : .json
            }
        Telemetry.bootstrap(component: component, level: level, format: format)
        return Logger(label: component)
    }
}
