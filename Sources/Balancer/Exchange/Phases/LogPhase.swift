internal import Bytes
internal import NginxConfig

/// The access logs.
struct LogPhase {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    func run() -> Phase.Outcome {
        let variables = exchange.variables
        for log in exchange.location.accessLogs {
            exchange.loop.logs.append(to: log.output) { line in
                for part in log.format.template.parts {
                    switch part {
                    case .literal(let bytes): line.append(contentsOf: bytes)
                    case .variable(let variable): append(variable, variables, log.format.escape, to: &line)
                    }
                }
                line.append(ASCII.lineFeed)
            }
        }
        return .proceed
    }

    private func append(
        _ variable: Variable, _ variables: Variables, _ escape: LogFormat.Escape, to line: inout [UInt8]
    ) {
        let start = line.count
        guard variables.append(variable, to: &line) else {
            if escape == .standard { line.append(ASCII.hyphen) }
            return
        }
        guard escape != .none, line[start...].contains(where: { Self.needsEscape($0, escape) }) else { return }
        let raw = Array(line[start...])
        line.removeSubrange(start...)
        for byte in raw { Self.append(byte, escape, to: &line) }
    }

    private static func needsEscape(_ byte: UInt8, _ escape: LogFormat.Escape) -> Bool {
        byte < ASCII.space || byte == ASCII.quote || byte == ASCII.backslash
            || escape == .standard && byte >= ASCII.delete
    }

    private static func append(_ byte: UInt8, _ escape: LogFormat.Escape, to line: inout [UInt8]) {
        guard needsEscape(byte, escape) else {
            line.append(byte)
            return
        }
        if escape == .standard {
            line.append(literal: "\\x")
            line.append(capitalHex: byte)
            return
        }
        switch byte {
        case ASCII.quote: line.append(literal: "\\\"")
        case ASCII.backslash: line.append(literal: "\\\\")
        case ASCII.lineFeed: line.append(literal: "\\n")
        case ASCII.carriageReturn: line.append(literal: "\\r")
        case ASCII.tab: line.append(literal: "\\t")
        case ASCII.backspace: line.append(literal: "\\b")
        case ASCII.formFeed: line.append(literal: "\\f")
        default:
            line.append(literal: "\\u00")
            line.append(capitalHex: byte)
        }
    }
}
