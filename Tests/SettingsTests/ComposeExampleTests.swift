import FoundationEssentials
import Testing

/// Compares `compose/.env.example` with `compose/compose.yaml`.
struct ComposeExampleTests {
    private static func text(_ name: String) throws -> String {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try String(contentsOfFile: "/\(folder)/compose/\(name)", encoding: .utf8)
    }

    @Test func `every variable that the stack reads is in the example, with its default`() throws {
        var shown: [Substring: Substring] = [:]
        for line in try Self.text(".env.example").split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            #expect(shown.updateValue(parts[1], forKey: parts[0]) == nil, "\(parts[0]) occurs twice")
        }
        var read: Set<Substring> = []
        for reference in try Self.text("compose.yaml").split(separator: "${").dropFirst() {
            let inside = reference.prefix { $0 != "}" }
            let name = inside.prefix { $0 != ":" }
            read.insert(name)
            if inside.dropFirst(name.count).hasPrefix(":-") {
                #expect(shown[name] == inside.dropFirst(name.count + 2), "\(name)")
            } else {
                #expect(shown[name] == "", "\(name) must be set by the operator")
            }
        }
        #expect(read.count > 20)
        #expect(Set(shown.keys) == read)
    }
}
