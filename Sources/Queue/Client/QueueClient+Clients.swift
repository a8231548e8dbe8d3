internal import Postgres

extension QueueClient {
    /// Adds a client with a new key. Blocks.
    /// - Parameter types: the task types that the client may submit; `nil` for all.
    /// - Returns: `nil` if another client has this name.
    package func createClient(
        _ name: String, scopes: Set<ClientScope>, types: Set<String>?
    ) throws(QueueError) -> ClientTable.Issued? {
        try queries.change { (connection) throws(PostgresError) in
            try ClientTable.create(name, scopes: scopes, types: types, connection)
        }
    }

    /// All clients, by name. Blocks.
    package func listClients() throws(QueueError) -> [Client] {
        try queries.change { (connection) throws(PostgresError) in try ClientTable.list(connection) }
    }

    /// Gives a client a new key. Blocks.
    /// - Returns: `nil` if there is no such client.
    package func rotateClient(_ name: String) throws(QueueError) -> ClientTable.Issued? {
        try queries.change { (connection) throws(PostgresError) in try ClientTable.rotate(name, connection) }
    }

    /// Revokes the key of a client. Blocks.
    /// - Returns: the client; `nil` if there is no such client.
    package func revokeClient(_ name: String) throws(QueueError) -> Client? {
        try queries.change { (connection) throws(PostgresError) in try ClientTable.revoke(name, connection) }
    }
}
