import FoundationEssentials

/// The intended differences between nginx and the balancer, from `Differences.md` in this folder.
///
/// Each `##` section begins with a text that gives the reason for its differences. Below this text, there is one `###`
/// section for each case, with the name of the case. A `###` section contains the lines that only one program has: `- `
/// for nginx, `+ ` for the balancer.
struct Differences: Sendable {
    static let file = String(#filePath.dropLast("Differences.swift".count)) + "Differences.md"

    static let intended = (try? Differences(String(contentsOfFile: file, encoding: .utf8))) ?? Differences("")

    private(set) var cases: [String: [String]] = [:]
    /// The titles of sections without a text.
    private(set) var unexplained: [String] = []
    /// The names of cases that are in the file twice.
    private(set) var repeated: [String] = []

    init(_ text: String) {
        var name: String?
        var section: (title: String, hasText: Bool)?
        func end() -> [String] { section.map { $0.hasText ? [] : [$0.title] } ?? [] }
        for line in text.split(separator: "\n").map(String.init) {
            if line.hasPrefix("### ") {
                name = String(line.dropFirst(4))
                if cases.updateValue([], forKey: name!) != nil { repeated.append(name!) }
            } else if line.hasPrefix("## ") {
                unexplained += end()
                section = (String(line.dropFirst(3)), false)
                name = nil
            } else if let name, line.hasPrefix("    - ") || line.hasPrefix("    + ") {
                cases[name]!.append(String(line.dropFirst(4)))
            } else if !line.hasPrefix(" ") {
                section?.hasText = true
            }
        }
        unexplained += end()
    }

    /// The lines that only one program has. If the statuses differ, there is only one line for each program, with its
    /// statuses.
    static func between(nginx: Comparison.Outcome, millrace: Comparison.Outcome) -> [String] {
        if nginx.outline != millrace.outline {
            return ["- " + nginx.outline.joined(separator: " "), "+ " + millrace.outline.joined(separator: " ")]
        }
        var lines: [(offset: Int, text: String)] = []
        for change in millrace.lines.difference(from: nginx.lines) {
            switch change {
            case .remove(let offset, let line, _): lines.append((2 * offset, "- \(line)"))
            case .insert(let offset, let line, _): lines.append((2 * offset + 1, "+ \(line)"))
            }
        }
        return lines.sorted { $0.offset < $1.offset }.map(\.text)
    }
}
