import Supervisor

/// The folder in which `millrace up` keeps its files.
enum DataFolder {
    /// The absolute path.
    /// - Parameter given: the value of `--data` or its variable; `nil` for the default.
    static func path(_ given: String?) -> String {
        // For root the default is another folder, because the user that PostgreSQL runs as cannot enter root's home.
        Folder.absolute(given ?? (Account.isRoot ? "/var/lib/millrace" : ".millrace"))
    }
}
