/// How the schema of a database compares with the one of this program.
package enum SchemaFit: Sendable, Hashable {
    case fits
    /// The database has no schema of Millrace.
    case missing
    /// Migrations are missing.
    /// - Parameter version: the last version before the first missing one.
    case older(version: Int)
    /// The database has migrations that this program does not know. This program still works, because a migration only
    /// adds things that older programs need not know.
    case newer(version: Int)

    /// - Parameters:
    ///   - applied: the versions of the migrations that are applied.
    ///   - newest: the version of this program's last migration.
    init(applied: Set<Int>, newest: Int) {
        if applied.isEmpty {
            self = .missing
        } else if let pending = (1...newest).first(where: { !applied.contains($0) }) {
            self = .older(version: pending - 1)
        } else if let last = applied.max(), last > newest {
            self = .newer(version: last)
        } else {
            self = .fits
        }
    }

    /// Whether this program can work with the schema.
    package var isUsable: Bool {
        switch self {
        case .fits, .newer: true
        case .missing, .older: false
        }
    }

    /// What is wrong, and what to do; `nil` if nothing is wrong.
    package var advice: String? {
        switch self {
        case .fits: nil
        case .missing: "the database has no schema of Millrace: run millrace migrate"
        case .older(let version):
            "the schema of the database is older than this program (version \(version) instead of "
                + "\(Schema.newestVersion)): run millrace migrate"
        case .newer(let version):
            "the schema of the database is newer than this program (version \(version) instead of "
                + "\(Schema.newestVersion)): replace this process by one of the newer program"
        }
    }
}
