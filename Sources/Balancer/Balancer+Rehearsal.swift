internal import AdminAccess
package import NginxConfig

extension Balancer {
    /// Checks what nginx's `-t` checks besides the syntax: looks up the user, opens the logs and creates the temporary
    /// folders, as at a start. It binds no ports, because a running balancer usually listens on them while its new
    /// configuration is tested.
    package static func rehearse(_ source: NginxConfiguration) throws(BalancerError) {
        try ProcessUser.check(source.main)
        guard let http = source.http else { return }
        try http.makeTemporaryFolders()
        let shared = SharedState(loops: 1, adminAccess: AdminAccess(token: nil), queueTimeout: .zero, queueLimit: 0)
        do throws(LogFiles.OpenError) {
            _ = try RunningConfiguration(source, http, shared: shared)
        } catch {
            throw .system("\(error)")
        }
    }
}
