/// The limits of the header of a response.
package struct ResponseLimits: Sendable, Hashable {
    /// The whole header with its line ends, in bytes (nginx: `fastcgi_buffer_size`).
    package var head: Int
    /// The number of header lines.
    package var fields: Int

    package init(head: Int = 32 * 1024, fields: Int = 128) {
        self.head = head
        self.fields = fields
    }
}
