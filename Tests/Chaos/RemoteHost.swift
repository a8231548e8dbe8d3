internal import FoundationEssentials
internal import Glibc
internal import Supervisor
internal import TestSupport

/// Another host as far as the network goes: a namespace with one cable to this one. It can be cut off without a word,
/// as by a switch that loses power: packets go out and nobody gets them.
struct RemoteHost: Sendable {
    /// This machine's address at the cable, and the other end's: of the range for benchmarks between hosts (RFC 2544).
    let gateway: String
    private let address: String
    private let name: String
    private let cable: String

    init() throws {
        let number = Int(getpid()) % 250
        name = "millrace-chaos-\(getpid())"
        cable = "mrc\(getpid() % 100_000)"
        gateway = "198.18.\(number).1"
        address = "198.18.\(number).2"
        try ip("netns add \(name)")
        try ip("link add \(cable) type veth peer name eth0 netns \(name)")
        try ip("address add \(gateway)/30 dev \(cable)")
        try ip("link set \(cable) up")
        try ip("-n \(name) address add \(address)/30 dev eth0")
        try ip("-n \(name) link set eth0 up")
        try ip("-n \(name) link set lo up")
    }

    func remove() {
        try? ip("link delete \(cable)")
        try? ip("netns delete \(name)")
    }

    /// A program that runs there.
    func command(_ program: String, _ arguments: [String], environment: [String: String]) -> Command {
        Command(Self.program, ["netns", "exec", name, program] + arguments, environment: environment)
    }

    /// Lets its user into a cluster that does not run.
    func `let`(in cluster: String) throws {
        try append("listen_addresses = '\(gateway)'\n", to: cluster + "/custom.conf")
        try append("host millrace millrace \(address)/32 trust\n", to: cluster + "/pg_hba.conf")
    }

    /// Both sides send to a hardware address that nobody has.
    func cut() throws {
        try ip("neighbour replace \(address) lladdr 02:00:00:00:00:99 dev \(cable) nud permanent")
        try ip("-n \(name) neighbour replace \(gateway) lladdr 02:00:00:00:00:99 dev eth0 nud permanent")
    }

    func mend() throws {
        try ip("neighbour delete \(address) dev \(cable)")
        try ip("-n \(name) neighbour delete \(gateway) dev eth0")
    }

    private static let program =
        ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].first { (path: String) in access(path, X_OK) == 0 } ?? "ip"

    private func ip(_ words: String) throws {
        let run = try Program(Self.program, words.split(separator: " ").map(String.init))
        let exit = try run.waitForExit()
        guard exit.isSuccess else { throw NotInTime(description: "ip \(words): \(run.standardError)") }
    }

    private func append(_ line: String, to file: String) throws {
        guard let handle = fopen(file, "a") else { throw NotInTime(description: "cannot write \(file)") }
        defer { fclose(handle) }
        fputs(line, handle)
    }
}
