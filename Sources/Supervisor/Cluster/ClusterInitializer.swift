internal import Glibc

/// Creates a new PostgreSQL cluster with initdb.
struct ClusterInitializer {
    let installation: PostgresInstallation
    /// The owner of the cluster; `nil` for the user of this process.
    let account: Account?
    let environment: [String: String]

    /// Creates the cluster under a temporary name and renames it at the end. So if `folder` exists, the cluster is
    /// complete.
    func create(_ folder: String, database: String, role: String) throws(SetupError) {
        let unfinished = folder + ".new"
        // Child processes of an interrupted initdb may still write into the folder. Remove the folder repeatedly, until
        // they no longer create it.
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
        try OwnedFile.write(
            "# Your own settings. They override postgresql.conf.\n", to: unfinished + "/custom.conf", owner: account)
        try runSingleUser("CREATE ROLE \(role) LOGIN", in: unfinished)
        try runSingleUser("CREATE DATABASE \(database) OWNER \(role)", in: unfinished)
        sync()
        guard rename(unfinished, folder) == 0 else { throw SetupError("cannot rename \(unfinished)", errno: errno) }
    }

    /// Runs one statement in PostgreSQL's single-user mode, without a server.
    private func runSingleUser(_ statement: String, in folder: String) throws(SetupError) {
        let file = folder + "/millrace-setup.sql"
        try OwnedFile.write(statement + "\n", to: file, owner: account)
        defer { unlink(file) }
        let input = open(file, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw SetupError("cannot open \(file)", errno: errno) }
        defer { close(input) }
        try run(installation.postgres, ["--single", "-D", folder, "postgres"], input: input, failsOn: "ERROR:")
    }

    /// - Parameter mark: if the output contains this text, the program has failed, even if its exit code is 0.
    private func run(
        _ program: String, _ arguments: [String], input: CInt? = nil, failsOn mark: String? = nil
    ) throws(SetupError) {
        var command = Command(program, arguments, environment: environment, account: account, folder: "/")
        command.input = input
        do {
            let ran = try ShortRun(command, timeout: .seconds(120))
            if ran.exit.isSuccess, mark.map({ !ran.output.contains($0) }) ?? true { return }
            throw SetupError("\(program) \(ran.exit): \(Self.reason(in: ran.output))")
        } catch let error as SetupError {
            throw error
        } catch {
            throw SetupError("\(error)")
        }
    }

    /// The reason for a failure in a program's output, as one line.
    static func reason(in output: String) -> String {
        if output.contains("No space left on device") { return "the disk is full" }
        let lines = output.split(separator: "\n")
        // The first error lines have the reason. Later ones are about the cleanup.
        let words = ["FATAL:", "PANIC:", "ERROR:", "error:"]
        let faults = lines.filter { line in words.contains { line.contains($0) } }
        return (faults.isEmpty ? lines.suffix(2) : faults.prefix(2)[...]).joined(separator: "; ")
    }
}
