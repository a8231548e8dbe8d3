internal import Glibc
internal import NginxConfig

extension HTTPConfiguration {
    /// Creates the folders of `client_body_temp_path` and `fastcgi_temp_path` if they do not exist, as nginx does.
    func makeTemporaryFolders() throws(BalancerError) {
        for folder in temporaryFolders where mkdir(folder, 0o700) != 0 && errno != EEXIST {
            throw .system("mkdir() \"\(folder)\" failed (\(errno): \(String(cString: strerror(errno))))")
        }
    }
}
