import ArgumentParser
import Balancer
import Glibc
import NginxConfig
import Settings
import Supervisor

/// The source of the balancer's configuration: a file, or the built-in configuration with this installation's values.
struct ConfigurationSource {
    let options: BalancerOptions
    /// The configuration's name in messages.
    let name: String
    private let prefix: String

    /// `file`, `prefix`, `errorLog` and `directives` are the values of nginx's options -c, -p, -e and -g.
    init(
        _ settings: Settings, file: String?, prefix: String?, errorLog: String?, directives: String?,
        listen: String?
    ) throws {
        self.prefix =
            Folder.absolute(try settings.value(EnvironmentVariables.prefix, option: prefix, "-p") ?? ".") + "/"
        let logDirective = try settings.value(EnvironmentVariables.errorLog, option: errorLog, "-e").map {
            "error_log \($0);"
        }
        if let logDirective, errorLog == nil { try Self.check(logDirective, of: EnvironmentVariables.errorLog.name) }
        let given = try settings.value(EnvironmentVariables.directives, option: directives, "-g")
        if let given, directives == nil { try Self.check(given, of: EnvironmentVariables.directives.name) }
        let all = [logDirective, given].compactMap { $0 }
        let directives = all.isEmpty ? nil : all.joined(separator: " ")
        if let file = try settings.value(EnvironmentVariables.configurationFile, option: file, "-c") {
            name = Self.path(of: file, prefix: self.prefix)
            options = BalancerOptions(path: name, prefix: self.prefix, directives: directives)
        } else {
            name = "millrace.conf (built in)"
            options = BalancerOptions(
                text: try ShippedProxy.text(settings, listen: listen), name: name, prefix: self.prefix,
                directives: directives)
        }
    }

    func loaded() throws -> NginxConfiguration {
        switch options.load() {
        case .success(let configuration): return configuration
        case .failure(let error): throw BalancerMessage.emergency("\(error)")
        }
    }

    /// The absolute path of the pid file.
    func pidFile() throws -> String {
        let file = try loaded().main.pidFile ?? "millrace.pid"
        return file.hasPrefix("/") ? file : prefix + file
    }

    /// nginx's `-t` and `-T`.
    func test(prints: Bool, isQuiet: Bool) throws {
        switch options.load() {
        case .failure(let error): throw failed(error)
        case .success(let configuration):
            if !isQuiet { BalancerMessage.say("the configuration file \(name) syntax is ok") }
            do throws(BalancerError) { try Balancer.rehearse(configuration) } catch { throw failed(error) }
            if !isQuiet { BalancerMessage.say("configuration file \(name) test is successful") }
            guard prints else { return }
            for file in configuration.files {
                print("# configuration file \(file.path):")
                print(String(decoding: file.bytes, as: UTF8.self))
            }
        }
    }

    private func failed(_ error: any Error) -> ExitCode {
        BalancerMessage.say("[emerg] \(error)")
        BalancerMessage.say("configuration file \(name) test failed")
        return ExitCode(1)
    }

    /// Checks directives that come from a variable, so that an error names the variable. nginx's error would say "in
    /// command line".
    private static func check(_ directives: String, of name: String) throws(SettingsError) {
        if let reason = BalancerOptions.refusal(of: "events {}", directives: directives) {
            throw SettingsError("\(name): \(reason)", .configuration)
        }
    }

    /// A relative `-c` path is relative to the working folder or, if the file does not exist there, to the prefix, as
    /// in nginx.
    private static func path(of file: String, prefix: String) -> String {
        file.hasPrefix("/") || access(file, F_OK) == 0 ? Folder.absolute(file) : prefix + file
    }
}

extension BalancerOptions {
    /// The error in a configuration, without file and line; `nil` if it is valid.
    static func refusal(of text: String, directives: String? = nil) -> String? {
        let options = BalancerOptions(text: text, name: "", prefix: "/", directives: directives)
        guard case .failure(let error) = options.load() else { return nil }
        return error.message
    }
}
