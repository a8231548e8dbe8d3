internal import AdminAccess
package import NginxConfig

extension Balancer {
    /// What nginx's `-t` tries beside reading: looks up what a start would look up, and opens the logs and makes the
    /// folders that it would open and make. The ports are left alone: they are in use where a running balancer's new
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
