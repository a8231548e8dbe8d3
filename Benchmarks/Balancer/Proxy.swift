internal import FoundationEssentials
internal import Glibc
internal import Reactor
internal import Supervisor
internal import TestSupport

/// One of the compared programs, running in front of the responder.
final class Proxy {
    let kind: Kind
    let target: SocketAddress
    private let child: ChildProcess
    private let counters: AllocationCounter?

    enum Kind: String, CaseIterable, Sendable {
        case nginx
        case haproxy = "HAProxy"
        case millrace = "Millrace"
    }

    /// - Parameter counts: the shared object that counts allocations; nil if they are not counted.
    init(
        _ kind: Kind, millrace: String, responder: SocketAddress, workers: Int, folder: String, counts: String?
    ) throws {
        self.kind = kind
        let port = freePort()
        target = .ipv4(0x7f00_0001, port: port)
        let folder = "\(folder)/\(kind.rawValue)-\(workers)\(counts == nil ? "" : "-counted")"
        try Folder.make(folder)
        let configuration = ProxyConfiguration(port: port, responder: responder, workers: workers, folder: folder)
        let file = folder + "/configuration"
        let text = kind == .haproxy ? configuration.haproxy : configuration.nginx
        try Data(text.utf8).write(to: URL(filePath: file))

        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = (environment["PATH"] ?? "/usr/bin") + ":/usr/local/sbin:/usr/sbin:/sbin"
        environment["MILLRACE_LOG_LEVEL"] = "warning"
        environment["MILLRACE_USER"] = Account.current?.name  // the responder's socket belongs to this user
        if let counts {
            counters = try AllocationCounter(at: folder + "/allocations")
            environment["LD_PRELOAD"] = counts
            environment["ALLOCATION_COUNTER"] = counters!.path
        } else {
            counters = nil
        }
        let program =
            switch kind {
            case .nginx: ["nginx", "-e", "stderr", "-p", folder, "-c", file]
            case .haproxy: ["haproxy", "-db", "-f", file]
            case .millrace: [Folder.absolute(millrace), "balancer", "-e", "stderr", "-p", folder, "-c", file]
            }
        let cores = (0..<workers).map { "\($0)" }.joined(separator: ",")
        var command = Command("/usr/bin/taskset", ["-c", cores] + program, environment: environment)
        // With SIGKILL, nginx would leave its worker processes running.
        command.deathSignal = SIGTERM
        child = try ChildProcess(command, name: kind.rawValue, output: .inherited)
        try waitUntilReady()
    }

    func stop() { _ = child.stop(timeout: .seconds(10)) }

    var figures: ProcessFigures { ProcessFigures(root: child.pid) }
    var allocations: Int { counters?.count ?? 0 }

    private func waitUntilReady() throws {
        try eventually("\(kind.rawValue) listens", within: .seconds(10), every: .milliseconds(50)) {
            if let exit = child.exit { throw BenchError("\(kind.rawValue) \(exit)") }
            return isListening(target.port)
        }
    }
}
