/// A `server` of `http`.
package struct Server: Sendable {
    /// The names in `server_name`; `[""]` if there is none.
    package internal(set) var names: [ServerName] = [.text("")]
    /// All locations; never empty. The first one has the settings of the server, for requests that no location matches.
    package internal(set) var locations: [Location]
    package internal(set) var table = LocationTable()
    package let location: SourceLocation

    /// The settings outside all locations.
    package var settings: LocationSettings { locations[0].settings }

    /// The index of a named location in `locations`; nil if there is none with this name.
    /// - Parameter name: with its `@`
    package func location(named name: String) -> Int? {
        locations.firstIndex { $0.match == .named(name) }
    }

    /// Chooses the location for a path.
    /// - Returns: index into `locations`
    /// - Parameters:
    ///   - path: decoded and normalized, without the query
    ///   - matches: whether the regular expression at an index of `HTTPConfiguration.patterns` matches the path; called
    ///     only if there are locations with a regular expression
    package func location(for path: Span<UInt8>, matches: (Int) -> Bool = { _ in false }) -> Int {
        table.location(for: path, matches: matches)?.location ?? 0
    }
}

/// One name of a `server`.
package enum ServerName: Sendable, Hashable {
    /// A name, `*.name`, `name.*` or `.name`, in lower case.
    case text(String)
    /// A regular expression, without its `~`.
    case pattern(String, index: Int)

    /// The value of `$server_name` if this is the server's first name.
    package var text: String {
        switch self {
        // nginx leaves out the dot of `.example.com`.
        case .text(let name): name.hasPrefix(".") ? String(name.dropFirst()) : name
        case .pattern(let text, _): "~" + text
        }
    }
}

/// `location`
package struct Location: Sendable {
    package enum Match: Sendable, Hashable {
        /// The server itself, outside all `location` blocks.
        case server
        /// `= path`
        case exact(String)
        /// `path`
        case prefix(String)
        /// `^~ path`: a prefix that no regular expression overrides.
        case finalPrefix(String)
        /// `~ pattern`, `~* pattern`
        case pattern(String, index: Int)
        /// `@name`: only internal redirects of `error_page` and `try_files` lead here.
        case named(String)
    }

    package let match: Match
    package internal(set) var settings: LocationSettings
}
