/// A parsed value that may contain variables: `nginx/$nginx_version` consists of a literal and a variable.
package struct Template: Sendable, Hashable {
    package enum Part: Sendable, Hashable {
        case literal([UInt8])
        case variable(Variable)
    }

    package let parts: [Part]

    package init(parts: [Part]) {
        self.parts = parts
    }

    /// A template without variables.
    package init(literal text: String) {
        self.parts = text.isEmpty ? [] : [.literal(Array(text.utf8))]
    }

    /// The bytes of a template without variables; nil if it has any.
    package var constant: [UInt8]? {
        switch parts.count {
        case 0: return []
        case 1: if case .literal(let bytes) = parts[0] { return bytes } else { return nil }
        default: return nil
        }
    }
}
