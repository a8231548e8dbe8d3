import Client
import FoundationEssentials
import Glibc
import Supervisor
import TestSupport
import Testing

/// The command line of `millrace balancer`. It is the same as that of nginx.
struct BalancerCommandTests {
    @Test func `-t reports that the shipped configuration is valid`() throws {
        let program = try Program.millrace([
            "balancer", "-t", "-c", packageFolder + "/proxy/millrace.conf",
        ])
        #expect(try program.waitForExit() == .exited(code: 0))
        #expect(program.standardError.contains("proxy/millrace.conf syntax is ok"))
        #expect(program.standardError.contains("proxy/millrace.conf test is successful"))
    }

    @Test func `-t reports file and line of an unknown directive, also with -q`() throws {
        let folder = TemporaryFolder()
        let file = try folder.write("events {}\nhttp {\n    bogus on;\n}\n", to: "bad.conf")
        for options in [["-t", "-c", file], ["-t", "-q", "-c", file], ["-tq", "-c\(file)"]] {
            let program = try Program.millrace(["balancer"] + options)
            #expect(try program.waitForExit() == .exited(code: 1))
            #expect(program.standardError.contains("[emerg] unknown directive \"bogus\" in \(file):3"))
        }
    }

    @Test(arguments: [
        ("error_log missing/error.log;", "open() \"PREFIX/missing/error.log\" failed (2: No such file or directory)"),
        ("user no-such-user;", "getpwnam(\"no-such-user\") failed"),
    ]) func `-t fails for the same reasons as a start`(directive: String, complaint: String) throws {
        // Only root can change to another user.
        if directive.hasPrefix("user"), geteuid() != 0 { return }
        let folder = TemporaryFolder()
        let file = try folder.write(
            "\(directive)\nevents {}\nhttp { access_log off; server { listen 127.0.0.1:9; } }\n", to: "bad.conf")
        let program = try Program.millrace(["balancer", "-t", "-c", file, "-p", folder.path])
        #expect(try program.waitForExit() == .exited(code: 1))
        let expected = complaint.replacing("PREFIX", with: folder.path)
        #expect(program.standardError.contains("[emerg] \(expected)"), "\(program.standardError)")
        #expect(program.standardError.contains("configuration file \(file) test failed"))
    }

    @Test func `-T prints the configuration file, and -v the version`() throws {
        let folder = TemporaryFolder()
        let text = "events {}\nhttp {\n    access_log off;\n    server {\n        listen 127.0.0.1:9;\n    }\n}\n"
        let file = try folder.write(text, to: "good.conf")
        let dump = try Program.millrace(["balancer", "-T", "-q", "-c", file])
        #expect(try dump.waitForExit() == .exited(code: 0))
        #expect(dump.standardOutput.contains("# configuration file \(file):\n\(text)"))
        let version = try Program.millrace(["balancer", "-v"])
        #expect(try version.waitForExit() == .exited(code: 0))
        #expect(version.standardError.hasPrefix("nginx version: nginx/1.29.8 (millrace "))
        let build = try Program.millrace(["balancer", "-V"])
        #expect(try build.waitForExit() == .exited(code: 0))
        #expect(build.standardError.contains("\nconfigure arguments: "))
        #expect(build.standardError.contains(" --without-http_gzip_module "))
    }

    @Test func `-s controls the running balancer: reload takes a new address, and quit ends it`() throws {
        let folder = TemporaryFolder()
        let ports = [freePort(), freePort()]
        func configuration(_ port: UInt16) -> String {
            """
            daemon off;
            pid balancer.pid;
            events {}
            http {
                access_log off;
                server {
                    listen 127.0.0.1:\(port);
                    location / { fastcgi_pass unix:\(folder.file("none.sock")); }
                }
            }
            """
        }
        let file = try folder.write(configuration(ports[0]), to: "balancer.conf")
        let options = ["-c", file, "-p", folder.path]
        let balancer = try Program.millrace(["balancer"] + options)
        try eventually("the balancer listens") { isListening(ports[0]) }
        let connection = HTTPConnection(
            to: .tcp(host: "127.0.0.1", port: ports[0]), timeout: .seconds(10))
        #expect(try connection.request("GET", "/").status == 502)

        func control(_ word: String) throws {
            let program = try Program.millrace(["balancer"] + options + ["-s", word])
            #expect(try program.waitForExit() == .exited(code: 0), "\(program.standardError)")
        }
        try folder.write(configuration(ports[1]), to: "balancer.conf")
        try control("reload")
        try eventually("the balancer listens on the new address") { isListening(ports[1]) }
        try eventually("the balancer does not listen on the old address") { !isListening(ports[0]) }
        // An invalid file changes nothing.
        try folder.write("http { bogus; }", to: "balancer.conf")
        kill(balancer.process.pid, SIGHUP)
        try balancer.waitForText("unknown directive \"bogus\"", within: .seconds(10))
        #expect(isListening(ports[1]))
        try folder.write(configuration(ports[1]), to: "balancer.conf")
        try control("quit")
        #expect(try balancer.waitForExit(within: .seconds(10)) == .exited(code: 0))
        let late = try Program.millrace(["balancer"] + options + ["-s", "stop"])
        #expect(try late.waitForExit() == .exited(code: 1))
        #expect(
            late.standardError.contains("[error] open() \"\(folder.path)/balancer.pid\" failed (2: "))
    }

    @Test func `a second daemon that cannot start leaves the pid file of the first one unchanged`() throws {
        let folder = TemporaryFolder()
        let port = freePort()
        let file = try folder.write(
            "daemon on; pid balancer.pid; events {} http { access_log off; server { listen 127.0.0.1:\(port); } }",
            to: "balancer.conf")
        let options = ["balancer", "-c", file, "-p", folder.path]
        #expect(try Program.millrace(options).waitForExit() == .exited(code: 0))
        let pid = try String(contentsOfFile: folder.file("balancer.pid"), encoding: .utf8)
        let first = try #require(CInt(pid.dropLast()))
        defer { kill(first, SIGKILL) }
        #expect(isListening(port))
        let second = try Program.millrace(options)
        #expect(try second.waitForExit() == .exited(code: 1))
        #expect(second.standardError.contains("(98: Address already in use)"))
        #expect(try String(contentsOfFile: folder.file("balancer.pid"), encoding: .utf8) == pid)
        let quit = try Program.millrace(options + ["-s", "quit"])
        #expect(try quit.waitForExit() == .exited(code: 0), "\(quit.standardError)")
        try eventually("the balancer has ended") { !isListening(port) }
    }

    @Test func `a port that is in use ends the start with nginx's error`() throws {
        let taken = OccupiedPort()
        let port = taken.port
        let folder = TemporaryFolder()
        let program = try Program.millrace(
            ["balancer", "--listen", "127.0.0.1:\(port)"], folder: folder.path)
        #expect(try program.waitForExit() == .exited(code: 1))
        #expect(
            program.standardError.contains(
                "bind() to 127.0.0.1:\(port) failed (98: Address already in use)"))
        withExtendedLifetime(taken) {}
    }
}
