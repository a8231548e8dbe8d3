package import Postgres

/// Reads and changes the clients in the database. Each call blocks for one statement.
package enum ClientTable {
    /// A new key, and the client that it belongs to.
    package struct Issued: Sendable {
        package let client: Client
        package let key: ClientKey
    }

    /// - Parameter types: the task types that the client may submit; `nil` for all.
    /// - Returns: `nil` if another client has this name.
    package static func create(
        _ name: String, scopes: Set<ClientScope>, types: Set<String>?, _ connection: PostgresConnection
    ) throws(PostgresError) -> Issued? {
        let key = ClientKey()
        let row = try connection.execute(
            ClientSQL.create.with(
                .text(name), .bytea(key.digest), .text(scopes.map(\.rawValue).sorted().joined(separator: ",")),
                types.map { .text($0.sorted().joined(separator: ",")) } ?? .null(.text)))
        return row.client(0).map { Issued(client: $0, key: key) }
    }

    /// All clients, by name.
    package static func list(_ connection: PostgresConnection) throws(PostgresError) -> [Client] {
        let rows = try connection.execute(ClientSQL.active.with())
        return (0..<rows.rowCount).compactMap { rows.client($0) }
    }

    /// Gives a client a new key. The old one is refused from now on.
    /// - Returns: `nil` if there is no such client.
    package static func rotate(_ name: String, _ connection: PostgresConnection) throws(PostgresError) -> Issued? {
        let key = ClientKey()
        let row = try connection.execute(ClientSQL.rotate.with(.text(name), .bytea(key.digest)))
        return row.client(0).map { Issued(client: $0, key: key) }
    }

    /// - Returns: the client whose key was revoked; `nil` if there is no such client.
    package static func revoke(_ name: String, _ connection: PostgresConnection) throws(PostgresError) -> Client? {
        try connection.execute(ClientSQL.revoke.with(.text(name))).client(0)
    }

    /// All clients by the digests of their keys.
    static func byDigest(_ connection: PostgresConnection) throws(PostgresError) -> [[UInt8]: Client] {
        let rows = try connection.execute(ClientSQL.active.with())
        var clients: [[UInt8]: Client] = [:]
        for row in 0..<rows.rowCount {
            if let client = rows.client(row), let digest = rows.bytes(row, 6) { clients[digest] = client }
        }
        return clients
    }
}

extension PostgresResult {
    /// A row, which has the columns of ``ClientSQL``.
    fileprivate func client(_ row: Int) -> Client? {
        guard row < rowCount, let id = integer(row, 0), let name = text(row, 1), let createdAt = timestamp(row, 4)
        else {
            return nil
        }
        return Client(
            id: ClientID(rawValue: Int64(id)), name: name,
            scopes: Set((text(row, 2) ?? "").split(separator: ",").compactMap { ClientScope(rawValue: String($0)) }),
            types: text(row, 3).map { Set($0.split(separator: ",").map(String.init)) }, createdAt: createdAt,
            rotatedAt: timestamp(row, 5))
    }
}
