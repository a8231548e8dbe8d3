import ArgumentParser
import Glibc

/// What the balancer says on the terminal, in nginx's form: scripts and people know it.
enum BalancerMessage {
    static func say(_ line: String) {
        let bytes = Array("millrace: \(line)\n".utf8)
        _ = write(2, bytes, bytes.count)
    }

    /// For an error that ends the process.
    static func emergency(_ text: String) -> CommandFailure {
        CommandFailure(description: "[emerg] \(text)")
    }

    static func version(withBuild: Bool) {
        say("balancer version: millrace/\(Millrace.versionNumber)")
        #if DEBUG
            let build = "debug"
        #else
            let build = "release"
        #endif
        if withBuild { say("built with Swift, \(build); configuration language of nginx") }
    }
}
