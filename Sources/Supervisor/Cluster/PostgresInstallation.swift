internal import FoundationEssentials
internal import Glibc

/// The server programs of one installed PostgreSQL version.
package struct PostgresInstallation: Sendable, Equatable {
    /// The oldest version that Millrace supports and is tested with.
    package static let minVersion = 15

    /// The folder of `initdb` and `postgres`.
    package let programs: String
    package let version: Int

    package var initdb: String { programs + "/initdb" }
    package var postgres: String { programs + "/postgres" }

    /// Selects an installation.
    /// - Parameters:
    ///   - searchPath: the value of `PATH`.
    ///   - version: the major version that an existing cluster needs. If it is `nil`, the first installation in `PATH`
    ///     is selected. If `PATH` has none, the newest installation is selected.
    package static func find(searchPath: String?, version: Int?) throws(SetupError) -> PostgresInstallation {
        let all = installations(searchPath: searchPath ?? "")
        if let version {
            if let match = all.first(where: { $0.version == version }) { return match }
            throw SetupError(
                """
                the data folder was created by PostgreSQL \(version), which is not installed here \
                (found: \(list(all))); install postgresql-\(version), or choose another --data
                """)
        }
        if let first = all.first(where: { $0.version >= minVersion }) { return first }
        throw SetupError(
            """
            PostgreSQL's server (initdb, postgres; version \(minVersion) or newer) was not found in PATH or \
            /usr/lib/postgresql (found: \(list(all))); install it (Debian: apt-get install postgresql), or name a \
            database with --database
            """)
    }

    private static func list(_ installations: [PostgresInstallation]) -> String {
        installations.isEmpty ? "none" : installations.map { "\($0.version)" }.joined(separator: ", ")
    }

    static func installations(searchPath: String) -> [PostgresInstallation] {
        var found: [PostgresInstallation] = []
        for folder in candidates(searchPath: searchPath) {
            guard let version = version(of: folder + "/postgres") else { continue }
            let installation = PostgresInstallation(programs: folder, version: version)
            if !found.contains(installation) { found.append(installation) }
        }
        return found
    }

    /// The folders that contain both programs: first those in `PATH`, then those of Debian and of Alpine, each from the
    /// newest version to the oldest.
    private static func candidates(searchPath: String) -> [String] {
        var folders = searchPath.split(separator: ":").compactMap { folder -> String? in
            // Wrapper scripts are skipped: the child process must be the server itself, not a shell.
            guard let program = realPath("\(folder)/postgres"), isBinary(program) else { return nil }
            return Folder.parent(of: program)
        }
        for root in ["/usr/lib/postgresql", "/usr/libexec/postgresql"] {
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
            for version in versions.compactMap({ Int($0) }).sorted(by: >) {
                folders.append("\(root)/\(version)/bin")
            }
        }
        return folders.filter { access($0 + "/initdb", X_OK) == 0 && access($0 + "/postgres", X_OK) == 0 }
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func isBinary(_ path: String) -> Bool {
        guard let file = fopen(path, "r") else { return false }
        defer { fclose(file) }
        var start: [UInt8] = [0, 0, 0, 0]
        return fread(&start, 1, 4, file) == 4 && start == [0x7f] + Array("ELF".utf8)
    }

    /// The major version in `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
    private static func version(of program: String) -> Int? {
        guard let ran = try? ShortRun(Command(program, ["--version"], environment: [:]), timeout: .seconds(10)) else {
            return nil
        }
        return version(in: ran.output)
    }

    static func version(in text: String) -> Int? {
        let words = text.split(separator: " ")
        guard words.count > 2, words[1] == "(PostgreSQL)" else { return nil }
        return Int(words[2].prefix { $0.isNumber })
    }
}
