extension NginxConfiguration {
    /// Reads, checks and merges a configuration.
    /// - Parameters:
    ///   - path: the file (`-c`), absolute. A relative `include` starts at its folder.
    ///   - prefix: the folder (`-p`) at which relative paths of other directives start, with or without a final `/`.
    ///   - directives: directives for the main context (`-g`), applied before the file.
    package static func load(
        path: String, prefix: String, directives: String? = nil, files: ConfigurationFiles
    ) throws(ConfigurationError) -> NginxConfiguration {
        switch files.read(path) {
        case .success(let bytes):
            return try load(text: bytes, path: path, prefix: prefix, directives: directives, files: files)
        case .failure(let failure):
            throw ConfigurationError("open() \"\(path)\" failed (\(failure.code): \(failure.reason))")
        }
    }

    /// Like ``load(path:prefix:directives:files:)``, for a text that the caller already has. `path` is the name of the
    /// text in messages, and a relative `include` starts at the folder of `path`.
    package static func load(
        text: [UInt8], path: String, prefix: String, directives: String? = nil, files: ConfigurationFiles
    ) throws(ConfigurationError) -> NginxConfiguration {
        var parser = Parser(path: path, files: files)
        var tree: [Directive] = []
        var syntaxError: ConfigurationError?
        do throws(ConfigurationError) {
            if let directives { try parser.parse(commandLine: directives, into: &tree) }
            try parser.parse(file: path, bytes: text, context: .main, into: &tree)
        } catch {
            syntaxError = error
        }
        // nginx applies each directive as soon as it has read it. So it reports an invalid value that stands before a
        // syntax error in the file. To report the same error, apply the directives that were read, and throw the syntax
        // error only afterwards.
        var builder = Builder(prefix: prefix, variables: DeclaredVariables(tree))
        try builder.apply(tree)
        if let syntaxError { throw syntaxError }
        if !tree.contains(where: { $0.name == "events" }) {
            throw ConfigurationError("no \"events\" section in configuration")
        }
        return NginxConfiguration(
            main: builder.main, events: builder.events,
            http: tree.contains { $0.name == "http" } ? builder.http : nil,
            files: parser.read, warnings: builder.warnings)
    }
}
