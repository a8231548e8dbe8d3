internal import NginxConfig
internal import Reactor

/// Access-log lines.
extension Exchange {
    func writeAccessLogs() {
        for log in location.accessLogs {
            loop.logs.append(to: log.output) { line in
                for part in log.format.template.parts {
                    switch part {
                    case .literal(let bytes): line.append(contentsOf: bytes)
                    case .variable(let variable): append(variable, log.format.escape, to: &line)
                    }
                }
                line.append("\n")
            }
        }
    }

    private func append(_ variable: Variable, _ escape: LogFormat.Escape, to line: inout [UInt8]) {
        let start = line.count
        guard append(variable, to: &line) else {
            if escape == .standard { line.append("-") }
            return
        }
        guard escape != .none, line[start...].contains(where: { Self.needsEscape($0, escape) }) else { return }
        let raw = Array(line[start...])
        line.removeSubrange(start...)
        for byte in raw { Self.append(byte, escape, to: &line) }
    }

    private static func needsEscape(_ byte: UInt8, _ escape: LogFormat.Escape) -> Bool {
        byte < 0x20 || byte == 0x22 || byte == 0x5C || escape == .standard && byte > 0x7E
    }

    private static func append(_ byte: UInt8, _ escape: LogFormat.Escape, to line: inout [UInt8]) {
        guard needsEscape(byte, escape) else {
            line.append(byte)
            return
        }
        if escape == .standard {
            line.append("\\x")
            line.append(hexadecimal(byte >> 4, upper: true))
            line.append(hexadecimal(byte & 15, upper: true))
            return
        }
        switch byte {
        case 0x22: line.append("\\\"")
        case 0x5C: line.append("\\\\")
        case 0x0A: line.append("\\n")
        case 0x0D: line.append("\\r")
        case 0x09: line.append("\\t")
        case 0x08: line.append("\\b")
        case 0x0C: line.append("\\f")
        default:
            line.append("\\u00")
            line.append(hexadecimal(byte >> 4, upper: true))
            line.append(hexadecimal(byte & 15, upper: true))
        }
    }

    private static func hexadecimal(_ digit: UInt8, upper: Bool) -> UInt8 {
        digit < 10 ? 0x30 + digit : (upper ? 0x37 : 0x57) + digit
    }
}
