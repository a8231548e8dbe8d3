internal import FoundationEssentials
internal import Glibc

/// A PostgreSQL cluster of our own in a folder: made when it is not there, reached through a unix socket only.
///
/// Whoever holds it has to hold the folder's lock (``FolderLock``).
package struct PrivateCluster: Sendable {
    package static let database = "millrace"
    package static let role = "millrace"
    /// PostgreSQL refuses to run as root; Debian's package makes this user.
    package static let accountForRoot = "postgres"

    /// PostgreSQL's data folder.
    package let folder: String
    /// Where the socket `.s.PGSQL.5432` is.
    package let socketFolder: String
    package let installation: PostgresInstallation
    package let account: Account?
    private let environment: [String: String]

    /// For libpq: how Millrace's role reaches its database.
    package var connectionString: String { "host=\(socketFolder) user=\(Self.role) dbname=\(Self.database)" }

    /// - Parameters:
    ///   - data: an absolute path; the cluster is in `postgres` in it. Made if need be.
    ///   - sockets: where sockets are, see ``SocketFolder``.
    ///   - environment: for `PATH`.
    package init(data: String, sockets: String, environment: [String: String]) throws(SetupError) {
        folder = data + "/postgres"
        socketFolder = sockets + "/postgres"
        if Account.isRoot {
            guard let account = Account(named: Self.accountForRoot) else {
                throw SetupError(
                    """
                    PostgreSQL refuses to run as root, and there is no user \(Self.accountForRoot) to run it as; \
                    install Debian's postgresql package, start as an ordinary user, or name a database with --database
                    """)
            }
            for path in [folder, socketFolder] {
                if let barrier = Folder.barrier(to: path, for: account) {
                    throw SetupError(
                        """
                        the user \(account.name), as whom PostgreSQL runs when started by root, may not enter \
                        \(barrier); choose another --data, for example /var/lib/millrace
                        """)
                }
            }
            self.account = account
        } else {
            account = nil
        }
        let version = try Self.version(of: folder)
        installation = try .find(searchPath: environment["PATH"], version: version)
        self.environment = ["PATH": environment["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"]
    }

    /// Makes the cluster if it is not there, and writes its settings.
    /// - Returns: whether it was made.
    @discardableResult
    package func prepare(_ settings: PostgresSettings) throws(SetupError) -> Bool {
        try Folder.make(socketFolder, mode: 0o700, for: account)
        let isNew = try Self.version(of: folder) == nil
        if isNew { try create() }
        try write(settings.rendered(socketFolder: socketFolder), to: "postgresql.conf", in: folder)
        return isNew
    }

    /// What runs the server. `SIGINT` stops it with a checkpoint, `SIGQUIT` at once.
    package var command: Command {
        var command = Command(
            installation.postgres, ["-D", folder], environment: environment, account: account, folder: folder)
        // When we are killed it shall be gone soon, and replay its log at the next start.
        command.deathSignal = SIGQUIT
        return command
    }

    /// Whether the server that runs as `pid` takes connections.
    package func isReady(pid: CInt) -> Bool {
        guard let file = PostmasterFile(dataFolder: folder) else { return false }
        return file.pid == pid && file.status == "ready"
    }

    /// Ends a server that an earlier start left running, and clears away what would block the next one.
    /// - Returns: whether there was one.
    @discardableResult
    package func stopLeftover() throws(SetupError) -> Bool {
        guard let file = PostmasterFile(dataFolder: folder), file.isAlive(in: folder) else {
            // The id of a killed server may be another process's by now, which PostgreSQL would take for a server.
            // The socket's lock file names it, too.
            for stale in [
                folder + "/postmaster.pid", socketFolder + "/.s.PGSQL.5432", socketFolder + "/.s.PGSQL.5432.lock",
            ] {
                unlink(stale)
            }
            return false
        }
        for (signal, patience) in [(SIGINT, 20), (SIGQUIT, 10), (SIGKILL, 5)] as [(CInt, Int)] {
            _ = kill(file.pid, signal)
            for _ in 0..<(patience * 50) {
                if !file.isAlive(in: folder) { return true }
                usleep(20_000)
            }
        }
        throw SetupError("the PostgreSQL server \(file.pid) in \(folder) is still running and does not end")
    }

    /// The major version that made the cluster in `folder`; `nil`: there is none.
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

    /// Makes the cluster under another name first: what is called `postgres` is always whole.
    private func create() throws(SetupError) {
        let unfinished = folder + ".new"
        // The last children of an interrupted initdb may still be writing into it: once more, until it is gone.
        for _ in 0..<100 where access(unfinished, F_OK) == 0 {
            Folder.remove(unfinished)
            if access(unfinished, F_OK) == 0 { usleep(50_000) }
        }
        try Folder.make(unfinished, mode: 0o700, for: account)
        try run(
            installation.initdb,
            [
                "-D", unfinished, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                "--data-checksums", "--no-instructions", "--no-sync",
            ])
        // Whoever can enter the socket folder is trusted; nobody else can reach the server.
        try write("local all all trust\n", to: "pg_hba.conf", in: unfinished)
        try write("# Settings of your own; they win over postgresql.conf.\n", to: "custom.conf", in: unfinished)
        try single("CREATE ROLE \(Self.role) LOGIN", in: unfinished)
        try single("CREATE DATABASE \(Self.database) OWNER \(Self.role)", in: unfinished)
        sync()
        guard rename(unfinished, folder) == 0 else { throw SetupError("cannot rename \(unfinished)", errno: errno) }
    }

    /// Runs one statement without a server.
    private func single(_ statement: String, in folder: String) throws(SetupError) {
        let file = folder + "/millrace-setup.sql"
        try write(statement + "\n", to: "millrace-setup.sql", in: folder)
        defer { unlink(file) }
        let input = open(file, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw SetupError("cannot open \(file)", errno: errno) }
        defer { close(input) }
        try run(installation.postgres, ["--single", "-D", folder, "postgres"], input: input, failsOn: "ERROR:")
    }

    private func run(
        _ program: String, _ arguments: [String], input: CInt? = nil, failsOn mark: String? = nil
    ) throws(SetupError) {
        var command = Command(program, arguments, environment: environment, account: account, folder: "/")
        command.input = input
        do {
            let ran = try ShortRun(command, limit: .seconds(120))
            if ran.exit.isSuccess, mark.map({ !ran.output.contains($0) }) ?? true { return }
            throw SetupError("\(program) \(ran.exit): \(Self.reason(in: ran.output))")
        } catch let error as SetupError {
            throw error
        } catch {
            throw SetupError("\(error)")
        }
    }

    /// What a person has to know of a failed program's output, in one line.
    static func reason(in output: String) -> String {
        if output.contains("No space left on device") { return "the disk is full" }
        let lines = output.split(separator: "\n")
        // What says that it failed comes before what says that it tidied up.
        let words = ["FATAL:", "PANIC:", "ERROR:", "error:"]
        let faults = lines.filter { line in words.contains { line.contains($0) } }
        return (faults.isEmpty ? lines.suffix(2) : faults.prefix(2)[...]).joined(separator: "; ")
    }

    private func write(_ text: String, to name: String, in folder: String) throws(SetupError) {
        let path = folder + "/" + name
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SetupError("cannot write \(path)", errno: errno) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count,
            account.map({ fchown(file, $0.user, $0.group) == 0 }) ?? true,
            rename(temporary, path) == 0
        else { throw SetupError("cannot write \(path)", errno: errno) }
    }
}
