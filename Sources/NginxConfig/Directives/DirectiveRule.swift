/// The contexts in which a directive may stand.
struct Contexts: OptionSet, Sendable, Hashable {
    let rawValue: UInt16

    static let main = Contexts(rawValue: 1)
    static let events = Contexts(rawValue: 2)
    static let http = Contexts(rawValue: 4)
    static let upstream = Contexts(rawValue: 8)
    static let server = Contexts(rawValue: 16)
    static let location = Contexts(rawValue: 32)
    /// An `if` block.
    static let conditional = Contexts(rawValue: 64)
    /// A block whose lines are entries instead of directives, for example `types`.
    static let entries = Contexts(rawValue: 128)

    /// The contexts of most HTTP directives.
    static let request: Contexts = [.http, .server, .location]
    static let any: Contexts = [.main, .events, .http, .upstream, .server, .location, .conditional, .entries]
}

/// One row of the directive table: everything about one directive.
struct DirectiveRule: Sendable {
    typealias Apply = @Sendable (Directive, inout Builder) throws(ConfigurationError) -> Void

    /// The order in which the directives of a block are applied, whatever their order in the file. So names are defined
    /// before they are used, and the values of a block are complete before an inner block copies them.
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
    /// The context inside the directive's block; nil for a directive that ends in `;`.
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

    /// A directive with one value. It may occur once per block.
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
    /// A number of arguments without an upper limit, like nginx's `NGX_CONF_1MORE`.
    static func atLeast(_ count: Int) -> ClosedRange<Int> { count...Int.max }
}
