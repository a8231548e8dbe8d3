/// How much of a response's header is taken.
package struct ResponseLimits: Sendable, Hashable {
    /// Bytes of the whole header, line ends included (nginx: `fastcgi_buffer_size`).
    package var head: Int
    /// Header lines.
    package var fields: Int

    package init(head: Int = 32 * 1024, fields: Int = 128) {
        self.head = head
        self.fields = fields
    }
}
