/// `root` or `alias`: where the files are that paths name.
package struct DocumentRoot: Sendable, Hashable {
    /// Without a final `/` for `root`.
    package let path: Template
    /// `alias`: what of a path the folder stands for.
    package let alias: Alias?

    package enum Alias: Sendable, Hashable {
        /// So many bytes in front, the location's own.
        case prefix(Int)
        /// All of it, in a location with a pattern.
        case whole
    }

    init(_ path: Template, alias: Alias? = nil) {
        self.path = path
        self.alias = alias
    }
}

/// `try_files`.
package struct TriedFiles: Sendable, Hashable {
    package struct Candidate: Sendable, Hashable {
        /// A path, without a final `/`.
        package let path: Template
        /// It ended in `/`: a folder is looked for.
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

/// `if_modified_since`.
package enum IfModifiedSince: String, Sendable, Hashable {
    case off, exact, before
}

/// What a location answers when no node does.
package enum ContentHandler: Sendable, Hashable {
    case files
    case stubStatus
}
