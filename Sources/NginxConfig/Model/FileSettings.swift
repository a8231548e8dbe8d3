/// How a location serves files (ngx_http_core_module, ngx_http_index_module, ngx_http_try_files_module).
package struct FileSettings: Sendable, Hashable {
    package internal(set) var root: DocumentRoot
    /// `index`: file names to look for in a folder. The last one may also start with `/`. If so, it is a URI on this
    /// server.
    package internal(set) var index: [Template] = [Template(literal: "index.html")]
    /// `try_files`; nil if the location has none. It is not inherited.
    package internal(set) var tryFiles: TryFiles?
    /// `etag`
    package internal(set) var sendsETag = true
    package internal(set) var ifModifiedSince = IfModifiedSince.exact
    /// `log_not_found`
    package internal(set) var logsNotFound = true

    init(root: DocumentRoot) { self.root = root }
}

/// `root` or `alias`: the folder that paths are looked up in.
package struct DocumentRoot: Sendable, Hashable {
    /// The folder. For `root`, a final `/` is removed.
    package let path: Template
    /// What `alias` replaces; nil for `root`.
    package let alias: Alias?

    /// The part of a request's path that `alias` replaces.
    package enum Alias: Sendable, Hashable {
        /// The first bytes. Their number is the length of the location's path.
        case prefix(Int)
        /// The whole path, in a location with a regular expression.
        case whole
    }

    init(_ path: Template, alias: Alias? = nil) {
        self.path = path
        self.alias = alias
    }
}

/// `try_files`
package struct TryFiles: Sendable, Hashable {
    package struct Candidate: Sendable, Hashable {
        /// The path to try, without a final `/`.
        package let path: Template
        /// Whether the argument ends in `/`. If so, only a folder matches.
        package let isFolder: Bool
    }

    package enum Fallback: Sendable, Hashable {
        /// `=404`
        case status(Int)
        /// `@name`, or another path.
        case target(Template)
    }

    package let candidates: [Candidate]
    package let fallback: Fallback
}

/// `if_modified_since`
package enum IfModifiedSince: String, Sendable, Hashable {
    case off, exact, before
}
