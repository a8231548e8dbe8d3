import Client
import FoundationEssentials
import Glibc
import JSON
import Supervisor
import TestSupport
import Testing

/// Which user each process runs as, and what other users may do.
@Suite(.serialized)
struct ProcessUserTests {
    @Test(.enabled(if: Account.isRoot)) func `root's system runs as other users, who have no rights`() throws {
        let system = try RunningSystem(nodes: 1, workers: 1)
        let nobody = try #require(Account(named: "nobody"))
        for name in ["api", "worker", "balancer"] {
            let status = try String(contentsOfFile: "/proc/\(system.child(name).pid)/status", encoding: .utf8)
            let lines = Dictionary(
                status.split(separator: "\n").compactMap { line -> (Substring, [Substring])? in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    guard parts.count == 2 else { return nil }
                    return (parts[0], parts[1].split { $0.isWhitespace })
                }
            ) { first, _ in first }
            let user = Substring("\(nobody.user)")
            let group = Substring("\(nobody.group)")
            #expect(lines["Uid"] == [user, user, user, user], "\(name)")
            #expect(lines["Gid"] == [group, group, group, group], "\(name)")
            #expect(lines["Groups"] == nobody.groups.map { Substring("\($0)") }, "\(name)")
            for set in ["CapEff", "CapPrm", "CapAmb"] {
                #expect(lines[Substring(set)] == ["0000000000000000"], "\(name) \(set)")
            }
            if name != "balancer" { #expect(lines["Umask"] == ["0027"], "\(name)") }
        }
        var status = stat()
        stat(system.nodeSocket(1), &status)
        #expect(status.st_uid == nobody.user && status.st_mode & 0o777 == 0o660)
        let reply = try system.connection().request(
            "POST", "/hash/md5?wait=20", json: ["string": "a"])
        #expect(reply.status == 200)

        // Only the user of the processes and the user postgres can connect to the database.
        for (user, role, isAllowed) in [
            ("nobody", "millrace", true), ("nobody", "postgres", false), ("daemon", "millrace", false),
            ("daemon", "postgres", false), ("postgres", "postgres", true), ("postgres", "millrace", true),
        ] {
            let program = try Program(
                "/usr/bin/env",
                ["psql", "-X", "-c", "SELECT 1", "host=\(system.data)/run/postgres user=\(role) dbname=millrace"],
                account: Account(named: user), folder: "/")
            #expect(try program.waitForExit().isSuccess == isAllowed, "\(user) as \(role)")
        }
        // Only the user of the processes has access to the socket of a node.
        let probe = try Program(
            "/usr/bin/env", ["test", "-e", system.nodeSocket(1)], account: Account(named: "daemon"), folder: "/")
        #expect(try !probe.waitForExit().isSuccess)

        // When `up` is killed, all its processes end. This includes the balancer, although it has changed its user.
        let family = RunningProcess.descendants(of: system.program.process.pid)
        system.program.process.signal(SIGKILL)
        try eventually("all processes have ended", within: .seconds(20)) { family.allSatisfy { !$0.isRunning } }
    }

    @Test(.enabled(if: Account.isRoot)) func `a data folder that root's processes used is taken over`() throws {
        let system = try RunningSystem(nodes: 1, workers: 1)
        try system.stop()
        // Change the data folder to the state in which earlier versions left it.
        let postgres = try #require(Account(named: "postgres"))
        let rules = system.data + "/postgres/pg_hba.conf"
        try "local all all trust\n".write(toFile: rules, atomically: false, encoding: .utf8)
        chmod(system.data + "/run/postgres", 0o700)
        chown(system.data + "/run/postgres", postgres.user, postgres.group)
        Folder.remove(system.data + "/run/nodes")
        let again = try RunningSystem(nodes: 1, workers: 1, after: system)
        #expect(try String(contentsOfFile: rules, encoding: .utf8).contains("peer map=millrace"))
        #expect(try again.connection().request("GET", "/health").status == 200)
        try again.stop()
    }

    @Test(.enabled(if: Account.isRoot)) func `a program and an environment file in root's closed folder work`() throws {
        let closed = TemporaryFolder()
        let data = TemporaryFolder()
        chmod(closed.path, 0o700)
        try FileManager.default.copyItem(atPath: builtExecutable("millrace"), toPath: closed.file("millrace"))
        try closed.write("APP_NAME=named-in-file\n", to: ".env")
        chmod(closed.file(".env"), 0o600)
        let port = freePort()
        let system = try Program(
            closed.file("millrace"),
            ["up", "--data", data.path, "--listen", "127.0.0.1:\(port)", "--api", "1", "--workers", "1"],
            environment: RunningSystem.quietEnvironment, folder: closed.path)
        try system.waitForText("Millrace is ready", within: .seconds(90))
        let client = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(10))
        #expect(try client.request("GET", "/health").json()["node"] == "named-in-file-1")
        system.process.signal(SIGTERM)
        #expect(try system.waitForExit() == .exited(code: 0))
    }

    @Test(.enabled(if: Account.isRoot), arguments: ["no-such-user", "postgres", "root"])
    func `a user that is missing or has too many rights is refused`(name: String) throws {
        let folder = TemporaryFolder()
        let program = try Program.millrace(
            ["up", "--data", folder.file("data"), "--user", name, "--listen", "127.0.0.1:\(freePort())"],
            environment: RunningSystem.quietEnvironment, folder: folder.path)
        #expect(try program.waitForExit() == .exited(code: 64))
        #expect(program.standardError.hasPrefix("millrace: --user: "))
        #expect(program.standardError.contains(name))
        #expect(name != "no-such-user" || program.standardError.contains("useradd --system"))
    }

    @Test func `a password on the command line is in no process's arguments`() throws {
        let folder = TemporaryFolder()
        let secret = "s3cret-\(UInt64.random(in: 0 ... .max))"
        for option in [
            ["--database", "postgresql://u:\(secret)@127.0.0.1:1/d"], ["--database=host=/none password=\(secret)"],
        ] {
            let program = try Program.millrace(
                ["up", "--data", folder.file("data"), "--listen", "127.0.0.1:\(freePort())"] + option + ["--api", "1"],
                environment: RunningSystem.quietEnvironment.merging(["DB_CONNECTION_RETRIES": "1000"]) { $1 },
                folder: folder.path)
            try eventually("the migration runs") {
                RunningProcess.descendants(of: program.process.pid).contains { $0.arguments.contains("migrate") }
            }
            let all = RunningProcess.descendants(of: program.process.pid)
            let own = try #require(RunningProcess(pid: program.process.pid))
            for process in all + [own] {
                #expect(!process.arguments.contains { $0.contains(secret) }, "\(process.arguments)")
            }
            #expect(own.arguments.suffix(2) == ["--api", "1"])
            program.process.signal(SIGTERM)
            _ = try program.waitForExit()
        }
    }

    @Test(.enabled(if: Account.isRoot)) func `root's balancer without a user directive serves as nobody`() throws {
        let folder = TemporaryFolder()
        let port = freePort()
        try "open".write(toFile: folder.file("open.txt"), atomically: false, encoding: .utf8)
        try "secret".write(toFile: folder.file("secret.txt"), atomically: false, encoding: .utf8)
        chmod(folder.file("open.txt"), 0o644)
        chmod(folder.file("secret.txt"), 0o600)
        let file = try folder.write(
            """
            events {}
            http {
                access_log access.log;
                server { listen 127.0.0.1:\(port); root \(folder.path); }
            }
            """, to: "balancer.conf")
        let balancer = try Program.millrace(
            ["balancer", "-c", file, "-p", folder.path], environment: ["MILLRACE_USER": ""], folder: folder.path)
        let client = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(10))
        try eventually("it serves") { (try? client.request("GET", "/open.txt"))?.status == 200 }
        #expect(try client.request("GET", "/secret.txt").status == 403)
        balancer.process.signal(SIGTERM)
        _ = try balancer.waitForExit()
        #expect(try String(contentsOfFile: folder.file("millrace.pid"), encoding: .utf8) == "")
        var status = stat()
        stat(folder.file("access.log"), &status)
        #expect(status.st_uid == getpwnam("nobody").pointee.pw_uid)
    }

    /// A shell reads the output of `$(…)` until no process can write to it. So it would wait for a balancer that has
    /// kept the descriptor of the output.
    @Test(arguments: ["", "error_log error.log;", "error_log stderr;"])
    func `a balancer in the background has no descriptor of its caller`(log: String) throws {
        let folder = TemporaryFolder()
        let port = freePort()
        let file = try folder.write(
            """
            daemon on; pid balancer.pid; \(log)
            events {}
            http { access_log off; server { listen 127.0.0.1:\(port); location / { return 204; } } }
            """, to: "balancer.conf")
        let shell = try Program(
            "/bin/sh",
            [
                "-c", #"x=$("$0" balancer -c "$1" -p "$2" 2>&1); echo "returned $? $x""#,
                builtExecutable("millrace"), file, folder.path,
            ])
        #expect(try shell.waitForExit(within: .seconds(20)).isSuccess)
        #expect(shell.standardOutput == "returned 0 \n")
        let client = HTTPConnection(to: .tcp(host: "127.0.0.1", port: port), timeout: .seconds(10))
        #expect(try client.request("GET", "/").status == 204)
        let pid = try #require(
            pid_t(try String(contentsOfFile: folder.file("balancer.pid"), encoding: .utf8).dropLast()))
        kill(pid, SIGTERM)
        try eventually("it has ended") { RunningProcess(pid: pid) == nil }
    }

    @Test func `the mode and the group of a node's socket can be set`() throws {
        let folder = TemporaryFolder()
        let socket = folder.file("s")
        let group = String(cString: getgrgid(getegid()).pointee.gr_name)
        let node = try Program.millrace(
            ["api", "--listen", "unix:\(socket)", "--socket-mode", "0600", "--socket-group", group],
            environment: RunningSystem.quietEnvironment.merging(["DATABASE_URL": "host=/none"]) { $1 },
            folder: folder.path)
        try node.waitForText("Ready")
        var status = stat()
        stat(socket, &status)
        #expect(status.st_mode & 0o777 == 0o600 && status.st_gid == getegid())
        node.process.signal(SIGTERM)
        _ = try node.waitForExit()
        for (option, value, reason) in [
            ("--socket-mode", "0888", "is not an octal access mode"),
            ("--socket-group", "no-such-group", "there is no group"),
        ] {
            let refused = try Program.millrace(
                ["api", "--listen", "unix:\(socket)", option, value],
                environment: RunningSystem.quietEnvironment.merging(["DATABASE_URL": "host=/none"]) { $1 },
                folder: folder.path)
            #expect(try refused.waitForExit() == .exited(code: 64))
            #expect(refused.standardError.contains("\(option): ") && refused.standardError.contains(reason))
        }
    }
}
