/// Which users of this machine may connect to a private cluster, and as which role.
///
/// PostgreSQL asks the kernel which user is at the other end of the socket (`peer`), and looks this user up in a map.
/// The files of ``rules`` and ``users`` are written at every start.
struct ClusterAccess: Sendable {
    /// The text of `pg_hba.conf`.
    let rules: String
    /// The text of `pg_ident.conf`.
    let users: String

    private static let note = """
        # millrace overwrites this file at every start. For rules of your own, name another file in custom.conf (hba_file,
        # ident_file).

        """

    /// - Parameters:
    ///   - role: the role that owns the database.
    ///   - client: the user of the processes that use the database; `nil` if it is `current`.
    ///   - current: the user of this process; `nil` if it has no name.
    ///   - superuser: the user that PostgreSQL runs as.
    init(role: String, client: Account?, current: Account?, superuser: Account?) {
        guard let current else {
            // The user id of this process has no name in the system's list of users, and `peer` refuses such a user. So
            // the rules trust every connection, and only the mode of the socket folder decides who may connect.
            rules = Self.note + "local all all trust\n"
            users = Self.note
            return
        }
        var lines: [String] = []
        for name in Set([client?.name, current.name, superuser?.name].compactMap(\.self)).sorted() {
            lines.append("millrace \(Self.quoted(name)) \(role)")
        }
        for name in Set([superuser?.name, current.name].compactMap(\.self)).sorted() {
            lines.append("millrace \(Self.quoted(name)) postgres")
        }
        rules = Self.note + "local all all peer map=millrace\n"
        users = Self.note + lines.map { $0 + "\n" }.joined()
    }

    private static func quoted(_ name: String) -> String { "\"\(name)\"" }
}
