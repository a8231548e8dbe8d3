/// `return`: the balancer's own answer.
package struct ReturnRule: Sendable, Hashable {
    /// 0…999. 444 closes the connection without an answer.
    package let status: Int
    /// The body, or where to go for 301, 302, 303, 307 and 308.
    package let text: Template?

    package var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }
}

/// The condition of an `if`.
package enum Condition: Sendable, Hashable {
    /// Neither empty nor `0`.
    case holds(Variable)
    case equals(Variable, Template)
    case differs(Variable, Template)
    /// - Parameter pattern: index into `HTTPConfiguration.patterns`
    case matches(Variable, pattern: Int, isNegated: Bool)
}

/// A step of ngx_http_rewrite_module, taken in the order of the file.
package enum RewriteStep: Sendable, Hashable {
    case answer(ReturnRule)
    /// An `if` with a `return` in it.
    case answerIf(Condition, ReturnRule)
}

/// `error_page`: what takes the place of a response with one of these statuses.
package struct ErrorPage: Sendable, Hashable {
    package enum Status: Sendable, Hashable {
        /// The error's own.
        case kept
        /// `=`: that of the page.
        case ofPage
        /// `=200`
        case replaced(Int)
    }

    /// 300…599.
    package let statuses: [Int]
    package let status: Status
    /// A path with a `/` in front, a named location with `@`, or a URL to go to.
    package let target: Template
}

/// `add_header`.
package struct AddedHeader: Sendable, Hashable {
    package let name: String
    package let value: Template
    /// Also with a status that is not one of the usual ones.
    package let isAlways: Bool

    /// Whether it goes with a response of this status.
    package func goes(with status: Int) -> Bool {
        switch status {
        case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308: true
        default: isAlways
        }
    }
}

/// `types` and `default_type`: the type of what the balancer itself says, by the ending of the path.
package struct MediaTypes: Sendable, Hashable {
    /// Endings in lower case.
    var byEnding = ["html": "text/html", "gif": "image/gif", "jpg": "image/jpeg"]
    var fallback = "text/plain"

    package func type(ofPath path: [UInt8]) -> String {
        let name = path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return fallback }
        return byEnding[String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()] ?? fallback
    }
}
