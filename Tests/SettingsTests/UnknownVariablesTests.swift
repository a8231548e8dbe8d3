import FoundationEssentials
import Testing

@testable import Settings

struct UnknownVariablesTests {
    private func warnings(_ names: String...) -> [String] {
        Settings(environment: Dictionary(uniqueKeysWithValues: names.map { ($0, "secret") })).warnings
    }

    @Test func `a misspelt variable is named, with the one that was probably meant`() {
        #expect(
            warnings("MILLRACE_QUEUE_LIMT", "PATH", "MILLRACE_URL")
                == ["MILLRACE_QUEUE_LIMT is not a variable of Millrace; did you mean MILLRACE_QUEUE_LIMIT?"])
        #expect(warnings("MILLRACE_WHATEVER_IT_IS") == ["MILLRACE_WHATEVER_IT_IS is not a variable of Millrace"])
        #expect(warnings("MILLRACE_QUEUE_LIMT", Settings.hasWarned) == [])
    }

    @Test func `a variable of the file is checked, too`() throws {
        let settings = Settings(environment: [:], file: try DotEnv(parsing: "MILLRACE_WORKER=3"))
        #expect(settings.warnings.first?.contains("did you mean MILLRACE_WORKERS?") == true)
    }

    @Test func `every variable of the list is known`() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try String(
            contentsOfFile: "/\(folder)/Sources/Settings/EnvironmentVariables.swift", encoding: .utf8)
        let names = text.split(separator: "\"").filter { name in
            name.hasPrefix("MILLRACE_") && name.allSatisfy { $0.isUppercase || $0 == "_" }
        }
        #expect(names.count > 25)
        for name in names { #expect(Settings.known.contains(String(name)), "\(name)") }
    }
}
