/// A statement that each connection prepares when it first uses it.
package struct PostgresStatement: Sendable {
    package let name: String
    package let sql: String

    /// - Parameter name: unique in the process, and shorter than 64 bytes.
    package init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }

    package func with(_ values: PostgresValue...) -> PostgresCall { PostgresCall(statement: self, values: values) }
}

/// A statement with its parameters.
package struct PostgresCall: Sendable {
    let statement: PostgresStatement
    let values: [PostgresValue]
}

package struct PostgresNotification: Sendable, Hashable {
    package let channel: String
    package let payload: String
}
