import FoundationEssentials
import Testing

@testable import NginxConfig

/// Compares `proxy/DIRECTIVES.md` with the directive table.
struct DocumentationTests {
    /// For each heading, the documented names below it, each with the text in the second column of its line.
    private static let documented: [String: [String: String]] = {
        var folder = #filePath.split(separator: "/").dropLast(3)
        folder.append(contentsOf: ["proxy", "DIRECTIVES.md"])
        let text = (try? String(contentsOfFile: "/" + folder.joined(separator: "/"), encoding: .utf8)) ?? ""
        var sections: [String: [String: String]] = [:]
        var heading = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") {
                heading = String(line.dropFirst(3))
            } else if line.hasPrefix("| `") {
                let cells = line.split(separator: "|").map { $0.filter { $0 != "`" }.trimmed }
                sections[heading, default: [:]][cells[0]] = cells[1]
            } else if line.hasPrefix("`"), heading == "Refused" || heading == "Variables" {
                for word in line.split(separator: " ") {
                    sections[heading, default: [:]][word.filter { $0 != "`" }] = ""
                }
            }
        }
        return sections
    }()

    private static let contexts: [(Contexts, String)] = [
        (.main, "main"), (.events, "events"), (.http, "http"), (.upstream, "upstream"), (.server, "server"),
        (.location, "location"), (.conditional, "if in location"),
    ]

    @Test func `every directive is documented with its contexts`() {
        let ignored = Set(DirectiveTable.ignoredRules.map(\.name))
        for (heading, isIgnored) in [("Supported", false), ("Accepted without effect", true)] {
            var expected: [String: String] = [:]
            for rule in DirectiveTable.rules where ignored.contains(rule.name) == isIgnored {
                let all = DirectiveTable.rules.filter { $0.name == rule.name }
                let union = all.reduce(into: Contexts()) { $0.formUnion($1.contexts) }
                expected[rule.name] = Self.contexts.filter { union.contains($0.0) }.map(\.1).joined(separator: ", ")
            }
            let documented = Self.documented[heading] ?? [:]
            #expect(Set(documented.keys) == Set(expected.keys), "\(heading)")
            for (name, text) in expected { #expect(documented[name] == text, "\(name)") }
        }
    }

    @Test func `every variable is documented`() {
        let documented = Set((Self.documented["Variables"] ?? [:]).keys.map { $0.dropFirst() })
        let families = Variable.families.map { Substring($0.prefix + "NAME") }
        #expect(documented == Set(NamedVariable.allCases.map { Substring($0.rawValue) } + families))
    }

    @Test func `every refused directive is documented and not in the table`() {
        let refused = UnsupportedDirectives.names
        #expect(Set((Self.documented["Refused"] ?? [:]).keys) == refused)
        #expect(refused.isDisjoint(with: DirectiveTable.rules.map(\.name)))
    }
}

extension String {
    fileprivate var trimmed: String {
        var rest = self[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
