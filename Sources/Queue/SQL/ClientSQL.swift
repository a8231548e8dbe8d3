internal import Postgres

/// Clients and their keys. Each statement that changes a client sends a notification. Then the nodes read the clients
/// again (``ClientDirectory``).
enum ClientSQL {
    /// The channel of the notifications.
    static let channel = "millrace_clients"

    private static let columns =
        "id, name, array_to_string(scopes, ','), array_to_string(types, ','), created_at, rotated_at"
    private static let notify = "pg_notify('\(channel)', '')"

    /// All clients that are not revoked, with the digests of their keys in the last column.
    static let active = PostgresStatement(
        "client_active", "SELECT \(columns), key_digest FROM client WHERE revoked_at IS NULL ORDER BY name")

    /// Adds a client. Parameters: the name, the digest of its key, the scopes and the types, each as a text with commas
    /// between the elements. Returns no row if another client has this name.
    static let create = PostgresStatement(
        "client_create",
        """
        WITH created AS (
            INSERT INTO client (name, key_digest, scopes, types) VALUES ($1, $2, string_to_array($3, ','), string_to_array($4, ','))
            ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING
            RETURNING *
        )
        SELECT \(columns), \(notify) FROM created
        """)

    /// Gives a client a new key. Parameters: the client's name, the digest of the new key. Returns no row if there is
    /// no such client.
    static let rotate = PostgresStatement(
        "client_rotate",
        """
        WITH rotated AS (
            UPDATE client SET key_digest = $2, rotated_at = now() WHERE name = $1 AND revoked_at IS NULL
            RETURNING *
        )
        SELECT \(columns), \(notify) FROM rotated
        """)

    /// Revokes a client's key. Parameter: the name. Returns no row if there is no such client.
    static let revoke = PostgresStatement(
        "client_revoke",
        """
        WITH revoked AS (
            UPDATE client SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING *
        )
        SELECT \(columns), \(notify) FROM revoked
        """)
}
