/// What of a request is taken or changed, where a configuration may choose (nginx's directives of these names). What
/// could be read in two ways is refused in any case.
package struct RequestRules: Sendable, Hashable {
    /// `underscores_in_headers`: a header whose name has a `_` is taken. It is the same header as one with `-` in its
    /// place, since both are the same variable (`HTTP_X_Y`) to a node.
    package var takesUnderscores = false
    /// `ignore_invalid_headers`: a header whose name has a byte outside `[A-Za-z0-9-]` is dropped; else it is taken,
    /// whatever visible bytes the name has.
    package var dropsInvalidNames = true
    /// `merge_slashes`: of slashes in a row in the path, one is left.
    package var mergesSlashes = true

    package init() {}
}
