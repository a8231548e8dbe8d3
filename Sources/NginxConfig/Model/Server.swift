/// `server` within `http`.
package struct Server: Sendable {
    /// `server_name`. `[""]` when there is none.
    package internal(set) var names: [ServerName] = [.text("")]
    /// Never empty. The first holds for a request that no location matches: the server's own settings.
    package internal(set) var locations: [Location]
    package internal(set) var table = LocationTable()
    package let location: SourceLocation

    /// The settings outside of every location.
    package var settings: LocationSettings { locations[0].settings }

    /// Which of `locations` is called `@name`.
    package func location(named name: String) -> Int? {
        locations.firstIndex { $0.match == .named(name) }
    }

    /// Which of `locations` serves a path.
    /// - Parameters:
    ///   - path: decoded and normalised, without the query.
    ///   - matches: whether one of `HTTPConfiguration.patterns` matches the path; asked only where patterns stand.
    package func location(for path: Span<UInt8>, matches: (Int) -> Bool = { _ in false }) -> Int {
        table.location(for: path, matches: matches)?.location ?? 0
    }
}

/// One name of a `server`.
package enum ServerName: Sendable, Hashable {
    /// A name, `*.name`, `name.*` or `.name`, in lower case.
    case text(String)
    /// `~pattern`; without the `~`.
    case pattern(String, index: Int)

    /// What `$server_name` is when it is the first.
    package var text: String {
        switch self {
        // `.example.com` has the one without the dot.
        case .text(let name): name.hasPrefix(".") ? String(name.dropFirst()) : name
        case .pattern(let text, _): "~" + text
        }
    }
}

/// `location`.
package struct Location: Sendable {
    package enum Match: Sendable, Hashable {
        /// The server itself.
        case server
        /// `= path`
        case exact(String)
        /// `path`
        case prefix(String)
        /// `^~ path`: a prefix that regular expressions do not override.
        case finalPrefix(String)
        /// `~ pattern`, `~* pattern`
        case pattern(String, index: Int)
        /// `@name`: only `error_page` leads here.
        case named(String)
    }

    package let match: Match
    package internal(set) var settings: LocationSettings
    /// The file and line of its `{`.
    package let location: SourceLocation
}
