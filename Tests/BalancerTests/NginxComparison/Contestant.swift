import Glibc
import Supervisor
import TestSupport

/// The two programs that are compared.
enum Contestant: String, Sendable, CaseIterable {
    case nginx
    case millrace

    func start(_ file: String, prefix: String, port: UInt16) throws -> Program {
        let options = ["-c", file, "-p", prefix, "-e", prefix + "/\(rawValue).log"]
        let program =
            switch self {
            case .nginx: try Program(StockNginx.path ?? "/usr/sbin/nginx", options)
            case .millrace: try Program.millrace(["balancer"] + options)
            }
        try eventually("\(self) listens") {
            if let exit = program.process.exit {
                throw TestFailure("\(self) \(exit): \(program.standardError)")
            }
            return isListening(port)
        }
        return program
    }

    func stop(_ program: Program) throws {
        program.process.signal(SIGTERM)
        _ = try program.waitForExit(within: .seconds(20))
    }
}
