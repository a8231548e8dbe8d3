import AdminAccess
import Glibc
import Settings
import Supervisor

/// The file in the data folder that holds the admin token.
///
/// The first `millrace up` on a data folder makes it, with the mode 0600: only the user who started `up` can read it.
struct AdminTokenFile {
    let path: String

    /// - Parameter data: the absolute path of the data folder.
    init(in data: String) { path = data + "/" + AdminToken.fileName }

    /// Returns the token. If there is no file, makes a new token and its file.
    func readOrMake() throws -> AdminToken {
        if let token = try read() { return token }
        let token = AdminToken.random()
        try OwnedFile.write(token.headerLine, to: path, owner: nil)
        return token
    }

    /// - Returns: `nil` if there is no file.
    func read() throws(SettingsError) -> AdminToken? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            let code = errno
            if code == ENOENT { return nil }
            throw SettingsError("\(path): cannot be read: \(String(cString: strerror(code)))", .configuration)
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else {
            throw SettingsError("\(path): cannot be read: \(String(cString: strerror(errno)))", .configuration)
        }
        guard let token = AdminToken(headerLine: String(decoding: bytes[..<count], as: UTF8.self)) else {
            throw SettingsError(
                "\(path): the file is not one line \"Authorization: Bearer TOKEN\"; remove it, and the next "
                    + "`millrace up` makes a new token", .configuration)
        }
        return token
    }
}
