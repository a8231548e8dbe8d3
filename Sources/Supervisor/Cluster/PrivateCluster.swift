internal import FoundationEssentials
internal import Glibc

/// A PostgreSQL cluster that Millrace runs itself. Only its unix socket accepts connections.
///
/// The process that uses the cluster must hold the lock of the data folder (``FolderLock``).
package struct PrivateCluster: Sendable {
    package static let database = "millrace"
    package static let role = "millrace"
    /// PostgreSQL refuses to run as root. Debian's package creates this user.
    package static let accountForRoot = "postgres"

    /// PostgreSQL's data folder.
    package let folder: String
    /// The folder of the socket `.s.PGSQL.5432`.
    package let socketFolder: String
    package let installation: PostgresInstallation
    /// The user that PostgreSQL runs as; `nil` for the user of this process.
    package let account: Account?
    /// Who may connect to the cluster.
    let access: ClusterAccess
    private let environment: [String: String]

    /// The libpq connection string for Millrace's role and database.
    package var connectionString: String { "host=\(socketFolder) user=\(Self.role) dbname=\(Self.database)" }

    /// - Parameters:
    ///   - data: the absolute path of Millrace's data folder. The cluster is in its subfolder `postgres`.
    ///   - sockets: the folder for sockets, from ``SocketFolder``.
    ///   - client: the user of the processes that use the database; `nil` for the user of this process.
    ///   - environment: its `PATH` is searched for PostgreSQL's programs.
    package init(
        data: String, sockets: String, client: Account? = nil, environment: [String: String]
    ) throws(SetupError) {
        folder = data + "/postgres"
        socketFolder = sockets + "/postgres"
        account = Account.isRoot ? try Self.accountForRoot(mustReach: [folder, socketFolder]) : nil
        access = ClusterAccess(role: Self.role, client: client, current: .current, superuser: account ?? .current)
        let version = try Self.version(of: folder)
        installation = try .find(searchPath: environment["PATH"], version: version)
        self.environment = ["PATH": environment["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"]
    }

    /// If root starts Millrace, PostgreSQL runs as this user.
    private static func accountForRoot(mustReach paths: [String]) throws(SetupError) -> Account {
        guard let account = Account(named: accountForRoot) else {
            throw SetupError(
                """
                PostgreSQL refuses to run as root, and there is no user \(accountForRoot) to run it as; install \
                Debian's postgresql package, start as an ordinary user, or name a database with --database
                """)
        }
        for path in paths {
            guard let barrier = Folder.barrier(to: path, for: account) else { continue }
            throw SetupError(
                """
                PostgreSQL runs as the user \(account.name) when Millrace is started by root, and that user may not \
                enter \(barrier); choose another --data, for example /var/lib/millrace
                """)
        }
        return account
    }

    /// Creates the cluster if it does not exist, and writes its settings.
    /// - Returns: whether it was created.
    @discardableResult
    package func prepare(_ settings: PostgresSettings) throws(SetupError) -> Bool {
        // If root starts Millrace, the processes that use the database run as another user than PostgreSQL. They must
        // be able to enter this folder.
        try Folder.make(socketFolder, mode: account == nil ? 0o700 : 0o711, for: account)
        let isNew = try Self.version(of: folder) == nil
        if isNew {
            try ClusterInitializer(installation: installation, account: account, environment: environment)
                .create(folder, database: Self.database, role: Self.role)
        }
        try OwnedFile.write(
            settings.rendered(socketFolder: socketFolder, socketMode: account == nil ? "0700" : "0777"),
            to: folder + "/postgresql.conf", owner: account)
        try OwnedFile.write(access.rules, to: folder + "/pg_hba.conf", owner: account)
        try OwnedFile.write(access.users, to: folder + "/pg_ident.conf", owner: account)
        return isNew
    }

    /// The command that runs the server. `SIGINT` stops it with a checkpoint, `SIGQUIT` immediately.
    package var command: Command {
        var command = Command(
            installation.postgres, ["-D", folder], environment: environment, account: account, folder: folder)
        // If this process is killed, the server ends immediately, and recovers from its log at the next start.
        command.deathSignal = SIGQUIT
        return command
    }

    /// Whether the server with this process id accepts connections.
    package func isReady(pid: CInt) -> Bool {
        guard let file = PostmasterFile(dataFolder: folder) else { return false }
        return file.pid == pid && file.status == "ready"
    }

    /// Ends a server that an earlier process left running, and removes files that would block the next start.
    /// - Returns: whether a server was running.
    @discardableResult
    package func stopLeftover() throws(SetupError) -> Bool {
        guard let file = PostmasterFile(dataFolder: folder), file.isAlive(in: folder) else {
            // The process id in these files may now belong to another process. Then PostgreSQL would believe that its
            // server is still running. The socket's lock file contains the id too.
            for stale in [
                folder + "/postmaster.pid", socketFolder + "/.s.PGSQL.5432", socketFolder + "/.s.PGSQL.5432.lock",
            ] {
                unlink(stale)
            }
            return false
        }
        for (signal, seconds) in [(SIGINT, 20), (SIGQUIT, 10), (SIGKILL, 5)] as [(CInt, Int)] {
            _ = kill(file.pid, signal)
            for _ in 0..<(seconds * 50) {
                if !file.isAlive(in: folder) { return true }
                usleep(20_000)
            }
        }
        throw SetupError("the PostgreSQL server \(file.pid) in \(folder) is still running and does not end")
    }

    /// The major version of PostgreSQL that created the cluster in `folder`; `nil` if there is no cluster.
    private static func version(of folder: String) throws(SetupError) -> Int? {
        var status = stat()
        if stat(folder + "/PG_VERSION", &status) != 0 {
            guard errno == ENOENT || errno == ENOTDIR else { throw SetupError("cannot read \(folder)", errno: errno) }
            return nil
        }
        let text = FileManager.default.contents(atPath: folder + "/PG_VERSION").map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let version = text.flatMap({ Int($0.prefix { $0.isNumber }) }) else {
            throw SetupError("\(folder)/PG_VERSION cannot be read or is not PostgreSQL's")
        }
        return version
    }
}
