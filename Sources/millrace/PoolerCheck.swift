import Glibc
import Postgres
import Settings
import Threading

/// Refuses a connection pooler that does not give each client a session of its own.
///
/// Behind such a pooler, a process would lose its session locks, its LISTEN and its run-time parameters between two
/// transactions. The errors would come only later, and would not name the cause.
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

    /// Like ``check()``. If the database is out of reach, a thread repeats the check until the database answers. If the
    /// thread finds such a pooler, it ends the process.
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
