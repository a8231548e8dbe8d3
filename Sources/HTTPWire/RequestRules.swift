/// The parsing rules that nginx's directives can change. The parser refuses ambiguous requests, whatever the rules are.
package struct RequestRules: Sendable, Hashable {
    /// `underscores_in_headers`: accept a header whose name has a `_`. `X_Y` and `X-Y` are then the same header,
    /// because both become the same CGI variable (`HTTP_X_Y`).
    package var takesUnderscores = false
    /// `ignore_invalid_headers`: drop a header whose name has a byte outside `[A-Za-z0-9-]`. If false, any visible
    /// bytes are accepted in a name.
    package var dropsInvalidNames = true
    /// `merge_slashes`: replace several slashes in a row in the path by one.
    package var mergesSlashes = true

    package init() {}
}
