/// Builds the tree of directives. It checks each statement against the directive table, and replaces each `include` by
/// the contents of the file.
struct Parser {
    private let files: ConfigurationFiles
    /// The folder at which a relative `include` starts, with a final `/`.
    private let folder: String
    private(set) var read: [ConfigurationFile] = []
    private var includeDepth = 0
    private var blockDepth = 0

    /// The maximum depth of includes, which stops a file that includes itself. nginx stops when it cannot open more
    /// files.
    private static let includeLimit = 64
    private static let blockLimit = 64

    /// - Parameter path: the path of the main file
    init(path: String, files: ConfigurationFiles) {
        self.files = files
        self.folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    /// Appends the statements of a file to `tree`. After an error, `tree` has the statements before it.
    mutating func parse(
        file path: String, bytes: [UInt8], context: Contexts, into tree: inout [Directive]
    ) throws(ConfigurationError) {
        if !read.contains(where: { $0.path == path }) { read.append(ConfigurationFile(path: path, bytes: bytes)) }
        var lexer = Lexer(bytes, file: path)
        try parse(&lexer, context: context, isBlock: false, into: &tree)
    }

    /// Appends the directives of the command line to `tree`.
    mutating func parse(commandLine text: String, into tree: inout [Directive]) throws(ConfigurationError) {
        var lexer = Lexer(Array(text.utf8), file: nil)
        try parse(&lexer, context: .main, isBlock: false, into: &tree)
    }

    private mutating func parse(
        _ lexer: inout Lexer, context: Contexts, isBlock: Bool, into tree: inout [Directive]
    ) throws(ConfigurationError) {
        while true {
            switch try lexer.next() {
            case .end:
                if isBlock { throw ConfigurationError("unexpected end of file, expecting \"}\"", at: lexer.location) }
                return
            case .blockEnd:
                if !isBlock { throw ConfigurationError("unexpected \"}\"", at: lexer.location) }
                return
            case .simple(let words):
                let directive = try check(words, isBlock: false, context, lexer.location)
                if directive.rule.name == "include" {
                    try include(directive, context: context, into: &tree)
                } else {
                    tree.append(directive)
                }
            case .blockStart(let words):
                if lexer.location.file == nil {
                    throw ConfigurationError("block directives are not supported in -g option", at: lexer.location)
                }
                try parseBlock(try check(words, isBlock: true, context, lexer.location), &lexer, into: &tree)
            }
        }
    }

    private func check(
        _ words: [String], isBlock: Bool, _ context: Contexts, _ location: SourceLocation
    ) throws(ConfigurationError) -> Directive {
        let arguments = Array(words.dropFirst())
        do throws(DirectiveTable.Refusal) {
            let rule = try DirectiveTable.rule(
                for: words[0], in: context, argumentCount: arguments.count, isBlock: isBlock)
            return Directive(name: words[0], arguments: arguments, rule: rule, location: location)
        } catch {
            throw ConfigurationError(error.message, at: location)
        }
    }

    private mutating func parseBlock(
        _ directive: Directive, _ lexer: inout Lexer, into tree: inout [Directive]
    ) throws(ConfigurationError) {
        blockDepth += 1
        defer { blockDepth -= 1 }
        if blockDepth > Self.blockLimit { throw directive.error("too many nested blocks") }
        var directive = directive
        var block: [Directive] = []
        do throws(ConfigurationError) {
            try parse(&lexer, context: directive.rule.opens ?? [], isBlock: true, into: &block)
        } catch {
            directive.block = block
            tree.append(directive)
            throw error
        }
        directive.block = block
        directive.blockEnd = lexer.location
        tree.append(directive)
    }

    private mutating func include(
        _ directive: Directive, context: Contexts, into tree: inout [Directive]
    ) throws(ConfigurationError) {
        let argument = directive.arguments[0]
        let pattern = argument.hasPrefix("/") ? argument : folder + argument
        includeDepth += 1
        defer { includeDepth -= 1 }
        for path in Glob.isPattern(pattern) ? Glob.paths(matching: pattern, in: files) : [pattern] {
            if includeDepth > Self.includeLimit {
                throw directive.error("open() \"\(path)\" failed (24: Too many open files)")
            }
            switch files.read(path) {
            case .success(let bytes):
                try parse(file: path, bytes: bytes, context: context, into: &tree)
            case .failure(let failure):
                throw directive.error("open() \"\(path)\" failed (\(failure.code): \(failure.reason))")
            }
        }
    }
}
