import Glibc
import Postgres
import Settings
import Threading

/// Refuses a connection pooler that does not give each client a session of its own.
///
/// The session locks of workers, LISTEN and run-time parameters would be lost between two transactions. That shows only
/// later, and as errors that do not name the cause.
struct PoolerCheck {
    private var configuration: PostgresConfiguration
    /// The option that the address came from; `nil` if it came from the environment.
    private let option: String?

    init(_ configuration: PostgresConfiguration, option: String? = nil) {
        self.configuration = configuration
        self.option = option
        self.configuration.responseTimeout = .seconds(5)
    }

    private var refusal: SettingsError {
        SettingsError(
            "\(option ?? EnvironmentVariables.databaseURL.name): a connection pooler shares the database's sessions between "
                + "clients (PgBouncer's transaction mode), but Millrace needs sessions of its own; set pool_mode = session "
                + "there, or connect to PostgreSQL directly", .configuration)
    }

    /// - Returns: whether the check was possible; `false` if the database is out of reach.
    /// - Throws: if there is such a pooler.
    @discardableResult
    func check() throws(SettingsError) -> Bool {
        let areShared: Bool
        do {
            areShared = try SharedSessions.exist(configuration)
        } catch {
            return false
        }
        if areShared { throw refusal }
        return true
    }

    /// Like ``check()``. If the database is out of reach, it goes on in the background, and ends the process if it finds
    /// such a pooler later.
    func checkNowOrLater() throws(SettingsError) {
        if try check() { return }
        _ = NamedThread("pooler-check") {
            do throws(SettingsError) {
                while try !check() { sleepCurrentThread(for: .seconds(1)) }
            } catch {
                fail(error.description, error.code.rawValue)
            }
        }
    }
}
