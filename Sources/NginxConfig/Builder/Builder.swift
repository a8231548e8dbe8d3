/// Applies a tree of directives: what stands in a block changes a copy of the outer block's values, so that the
/// copy's state at the `}` is the merged result.
struct Builder {
    /// What is known of the innermost block only.
    struct BlockState {
        /// Names of directives seen.
        var seen: Set<String> = []
        var isAccessLogOff = false
        /// Of an `if`.
        var condition: Condition?
    }

    /// With a final `/`, or empty.
    private let prefix: String
    var main = MainSettings()
    var events = EventsSettings()
    var http = HTTPConfiguration()
    /// Of the innermost block.
    var settings: LocationSettings
    var server: ServerDraft?
    var upstream: Upstream?
    var block = BlockState()
    /// Which directive made a zone, and with what key, for the complaint about a second one.
    var zones: [String: (directive: String, key: String)] = [:]
    /// `match` blocks.
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

    /// Applies the directives of one block (or of the main context), each kind in its turn.
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

    /// Refuses a directive's second appearance in its block.
    mutating func rejectDuplicate(_ directive: Directive) throws(ConfigurationError) {
        if !markSeen(directive) { throw directive.namedError("is duplicate") }
    }

    /// Whether a directive that may be repeated starts its block's list, which hides the outer one.
    /// - Parameter group: for directives that make one list together
    mutating func markSeen(_ directive: Directive, group: String? = nil) -> Bool {
        block.seen.insert(group ?? directive.name).inserted
    }

    /// A path of a directive, which starts at the prefix.
    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : prefix + path
    }

    mutating func warn(_ message: String, at location: SourceLocation) {
        warnings.append(ConfigurationError(message, at: location))
    }
}
