/// The blocks of a configuration.
struct Contexts: OptionSet, Sendable, Hashable {
    let rawValue: UInt16

    static let main = Contexts(rawValue: 1)
    static let events = Contexts(rawValue: 2)
    static let http = Contexts(rawValue: 4)
    static let upstream = Contexts(rawValue: 8)
    static let server = Contexts(rawValue: 16)
    static let location = Contexts(rawValue: 32)
    /// An `if` in a server or a location.
    static let conditional = Contexts(rawValue: 64)
    /// A block of lines that are no directives, like that of `types`.
    static let entries = Contexts(rawValue: 128)

    /// Where most of http's directives stand.
    static let request: Contexts = [.http, .server, .location]
    static let any: Contexts = [.main, .events, .http, .upstream, .server, .location, .conditional, .entries]
}

/// One row of the directive table: all there is to know about a directive.
struct DirectiveRule: Sendable {
    typealias Apply = @Sendable (Directive, inout Builder) throws(ConfigurationError) -> Void

    /// When a directive of a block is applied: outer values are complete before inner blocks copy them, and names
    /// are defined before they are used, wherever they stand in the file.
    enum Order: CaseIterable, Sendable {
        case definition
        case value
        case upstream
        case block
    }

    let name: String
    let contexts: Contexts
    let arguments: ClosedRange<Int>
    let order: Order
    /// The context of its block; nil for a directive that ends in `;`.
    let opens: Contexts?
    let apply: Apply

    init(
        _ name: String, in contexts: Contexts, arguments: ClosedRange<Int>, order: Order = .value,
        opens: Contexts? = nil, apply: @escaping Apply
    ) {
        self.name = name
        self.contexts = contexts
        self.arguments = arguments
        self.order = order
        self.opens = opens
        self.apply = apply
    }

    /// A directive with one value that may stand once in a block.
    static func setting<Value>(
        _ name: String, in contexts: Contexts,
        _ value: @escaping @Sendable (Directive) throws(ConfigurationError) -> Value,
        to path: any WritableKeyPath<Builder, Value> & Sendable
    ) -> DirectiveRule {
        DirectiveRule(name, in: contexts, arguments: 1...1) { (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder[keyPath: path] = try value(directive)
        }
    }
}

extension ClosedRange<Int> {
    /// "At least": nginx's `NGX_CONF_1MORE` and the like.
    static func atLeast(_ count: Int) -> ClosedRange<Int> { count...Int.max }
}
