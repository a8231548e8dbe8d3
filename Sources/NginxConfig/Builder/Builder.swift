/// Builds the configuration from a tree of directives. Each block starts with a copy of the outer block's values and
/// changes it. At the closing `}`, the copy is the merged result.
struct Builder {
    /// State of the innermost open block.
    struct BlockState {
        /// The names of the directives in the block so far.
        var seen: Set<String> = []
        var isAccessLogOff = false
        /// The condition of the `if`; nil if the block is not an `if`.
        var condition: Condition?
    }

    /// The folder for relative paths. It ends in `/`, or is empty.
    private let prefix: String
    var main = MainSettings()
    var events = EventsSettings()
    var http = HTTPConfiguration()
    /// The values of the innermost open block.
    var settings: LocationSettings
    var server: ServerDraft?
    var upstream: Upstream?
    var block = BlockState()
    /// The declared zones: for each name, the directive that declares the zone, and the key of the zone. Declaring a
    /// name twice is an error.
    var zones: [String: (directive: String, key: String)] = [:]
    /// The `match` blocks by name.
    var matches: [String: ResponseMatch] = [:]
    let variables: DeclaredVariables
    private(set) var warnings: [ConfigurationError] = []

    init(prefix: String, variables: DeclaredVariables) {
        self.variables = variables
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        self.settings = LocationSettings(
            files: FileSettings(root: DocumentRoot(Template(literal: self.prefix + "html"))), accessLogs: [],
            errorLogs: [])
    }

    /// Applies the directives of one block, or of the main context, in the order of ``DirectiveRule/Order``.
    mutating func apply(_ directives: [Directive], if condition: Condition? = nil) throws(ConfigurationError) {
        let outer = block
        block = BlockState(condition: condition)
        for order in DirectiveRule.Order.allCases {
            for directive in directives where directive.rule.order == order {
                try directive.rule.apply(directive, &self)
            }
        }
        block = outer
    }

    /// Throws if the directive occurs a second time in its block.
    mutating func rejectDuplicate(_ directive: Directive) throws(ConfigurationError) {
        if !markSeen(directive) { throw directive.namedError("is duplicate") }
    }

    /// Records that the directive occurs in the block.
    ///
    /// If it is the first directive of its list in the block, the caller starts a new list. This list replaces the
    /// inherited list.
    /// - Parameter group: the name of the list, for different directives that form one list
    /// - Returns: whether the directive is the first of its list in the block
    mutating func markSeen(_ directive: Directive, group: String? = nil) -> Bool {
        block.seen.insert(group ?? directive.name).inserted
    }

    /// Resolves a path in a directive. A relative path starts at the prefix.
    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : prefix + path
    }

    mutating func warn(_ message: String, at location: SourceLocation) {
        warnings.append(ConfigurationError(message, at: location))
    }
}
