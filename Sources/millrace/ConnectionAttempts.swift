import Glibc
import Postgres

/// One connection for a command of the terminal, tried as often as the settings say: the server may be starting.
struct ConnectionAttempts {
    private let configuration: PostgresConfiguration

    init(_ configuration: PostgresConfiguration) { self.configuration = configuration }

    func connect() throws(PostgresError) -> PostgresConnection {
        var backoff = Backoff(base: configuration.baseBackoff, cap: .seconds(10))
        for _ in 0..<configuration.connectionRetries {
            do {
                return try PostgresConnection(configuration)
            } catch {
                guard error.isConnectRetryable else { throw error }
                usleep(UInt32(backoff.next() / .microseconds(1)))
            }
        }
        return try PostgresConnection(configuration)
    }
}
