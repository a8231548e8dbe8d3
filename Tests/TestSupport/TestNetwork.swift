internal import FoundationEssentials
internal import Glibc
package import Supervisor
internal import Threading

/// Several hosts that are network namespaces on one bridge.
///
/// A host can be cut off as if its switch had lost power: it still sends packets, and nobody receives them.
package final class TestNetwork: Sendable {
    package struct Host: Sendable {
        package let address: String
        fileprivate let namespace: String
        /// The bridge's end of the host's cable (a veth pair).
        fileprivate let port: String

        /// The command that runs `command` on this host.
        ///
        /// Only root can enter a namespace, so `setpriv` changes to the command's user after that. When the user
        /// changes, the kernel clears the death signal, so `setpriv` also sets the death signal again.
        package func command(_ command: Command) -> Command {
            var onHost = command
            onHost.program = TestNetwork.ip
            onHost.arguments = ["netns", "exec", namespace]
            if let account = command.account {
                onHost.account = nil
                onHost.arguments += [
                    "setpriv", "--reuid", "\(account.user)", "--regid", "\(account.group)", "--clear-groups",
                    "--pdeathsig", command.deathSignal == SIGQUIT ? "SIGQUIT" : "SIGKILL", "--",
                ]
            }
            onHost.arguments += [command.program] + command.arguments
            return onHost
        }
    }

    /// The hosts by name.
    package let hosts: [String: Host]
    /// This process's address in the network. All addresses are from the range for benchmark tests (RFC 2544).
    package let address: String

    private let bridge: String
    /// The number of networks that this process has made so far.
    private static let count = Monitor(0)

    package init(hosts names: [String]) throws {
        Self.sweep()
        let number = Self.count.withLock { count in
            defer { count += 1 }
            return count
        }
        let net = "198.\(18 + number % 2).\((Int(getpid()) + number / 2) % 250)"
        bridge = "mrb\(getpid()).\(number)"
        address = "\(net).1"
        var hosts: [String: Host] = [:]
        for (index, name) in names.enumerated() {
            hosts[name] = Host(
                address: "\(net).\(index + 10)", namespace: "mr-net-\(getpid())-\(number)-\(index)",
                port: "mrp\(getpid()).\(number).\(index)")
        }
        self.hosts = hosts
        do {
            try Self.batch([
                "link add \(bridge) address \(Self.hardwareAddress(address)) type bridge",
                "address add \(address)/24 dev \(bridge)", "link set \(bridge) up",
            ])
            for host in hosts.values { try make(host) }
        } catch {
            remove()
            throw error
        }
    }

    /// All neighbour entries are permanent. Without this, unanswered ARP requests would show that a host is cut off.
    private func make(_ host: Host) throws {
        try Self.run(["netns", "add", host.namespace])
        try Self.batch([
            "link add \(host.port) type veth peer name eth0 address \(Self.hardwareAddress(host.address)) "
                + "netns \(host.namespace)",
            "link set \(host.port) master \(bridge) up",
            "neighbour replace \(host.address) lladdr \(Self.hardwareAddress(host.address)) dev \(bridge) nud permanent",
        ])
        let others = hosts.values.map(\.address).filter { $0 != host.address } + [address]
        try Self.batch(
            ["link set lo up", "address add \(host.address)/24 dev eth0", "link set eth0 up"]
                + others.map { "neighbour replace \($0) lladdr \(Self.hardwareAddress($0)) dev eth0 nud permanent" },
            in: host.namespace)
    }

    package func remove() {
        for host in hosts.values {
            try? Self.run(["link", "delete", host.port])
            try? Self.run(["netns", "delete", host.namespace])
        }
        try? Self.run(["link", "delete", bridge])
    }

    /// Cuts a host off. The link stays up at the host's end.
    package func cut(_ host: Host) throws { try Self.run(["link", "set", host.port, "nomaster"]) }

    /// Connects a host again.
    package func reconnect(_ host: Host) throws { try Self.run(["link", "set", host.port, "master", bridge]) }

    /// Whether this process can make a network: it must be root, and `ip` (iproute2) must be installed.
    package static var isPossible: Bool { geteuid() == 0 && ip.hasPrefix("/") }

    private static func hardwareAddress(_ address: String) -> String {
        let last = String(address.split(separator: ".").last.flatMap { UInt8($0) } ?? 0, radix: 16)
        return "02:00:00:00:00:\(last)"
    }

    fileprivate static let ip =
        ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"].first { (path: String) in access(path, X_OK) == 0 } ?? "ip"

    private static func batch(_ lines: [String], in namespace: String? = nil) throws {
        let folder = TemporaryFolder()
        let file = try folder.write(lines.joined(separator: "\n") + "\n", to: "batch")
        try run((namespace.map { ["-n", $0] } ?? []) + ["-batch", file])
    }

    private static func run(_ words: [String]) throws {
        let run = try Program(ip, words)
        guard try run.waitForExit().isSuccess else {
            throw TestFailure("ip \(words.joined(separator: " ")): \(run.standardError)")
        }
    }

    /// Removes the namespaces and bridges of test processes that were killed.
    private static func sweep() {
        let namespaces = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
        for name in namespaces where name.hasPrefix("mr-net-") {
            guard let owner = name.split(separator: "-").dropFirst(2).first.flatMap({ pid_t($0) }), kill(owner, 0) != 0
            else { continue }
            try? run(["netns", "delete", name])
            for number in 0..<4 { try? run(["link", "delete", "mrb\(owner).\(number)"]) }
        }
    }
}
