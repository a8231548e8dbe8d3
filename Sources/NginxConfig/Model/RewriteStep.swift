/// A step of ngx_http_rewrite_module. The steps run in the order of the file.
package enum RewriteStep: Sendable, Hashable {
    case answer(ReturnRule)
    /// An `if` that contains a `return`.
    case answerIf(Condition, ReturnRule)
}

/// `return`: the balancer answers the request itself.
package struct ReturnRule: Sendable, Hashable {
    /// The status, 0…999. 444 closes the connection without an answer.
    package let status: Int
    /// The body. With 301, 302, 303, 307 and 308, the URL of the redirect.
    package let text: Template?

    package var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }
}

/// The condition of an `if`.
package enum Condition: Sendable, Hashable {
    /// The variable is neither empty nor `0`.
    case holds(Variable)
    case equals(Variable, Template)
    case differs(Variable, Template)
    /// - Parameter pattern: index into `HTTPConfiguration.patterns`
    case matches(Variable, pattern: Int, isNegated: Bool)
}
