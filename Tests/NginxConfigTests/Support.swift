import NginxConfig
import Testing

/// A file system made of a dictionary.
func files(_ contents: [String: String]) -> ConfigurationFiles {
    ConfigurationFiles(
        read: { path in
            contents[path].map { .success(Array($0.utf8)) }
                ?? .failure(FileFailure(code: 2, reason: "No such file or directory"))
        },
        list: { folder in
            let names = contents.keys.compactMap { path -> Substring? in
                guard path.hasPrefix(folder) else { return nil }
                return path.dropFirst(folder.count).split(separator: "/").first
            }
            return Set(names).map(String.init)
        })
}

/// Loads a text as `/etc/millrace/millrace.conf` with the prefix `/srv`.
func load(
    _ text: String, beside others: [String: String] = [:], directives: String? = nil
) throws(ConfigurationError) -> NginxConfiguration {
    try NginxConfiguration.load(
        text: Array(text.utf8), path: "/etc/millrace/millrace.conf", prefix: "/srv", directives: directives,
        files: files(others))
}

/// Loads an http block with this body.
func http(_ body: String) throws -> HTTPConfiguration {
    try #require(try load("events {}\nhttp {\n\(body)\n}").http)
}

/// The settings that apply to a path of the first server.
func settings(_ body: String, path: String = "/") throws -> LocationSettings {
    let server = try #require(try http(body).servers.first)
    return server.locations[server.location(for: Array(path.utf8).span)].settings
}

/// The error in a text; nil if there is none.
func fault(_ text: String, beside others: [String: String] = [:]) -> ConfigurationError? {
    do throws(ConfigurationError) {
        _ = try load(text, beside: others)
        return nil
    } catch {
        return error
    }
}

/// Requests per second.
func perSecond(_ rate: LimitRate) -> Double { Double(rate.billionths) / 1e9 / Double(rate.periodSeconds) }
