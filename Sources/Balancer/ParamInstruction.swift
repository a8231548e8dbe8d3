internal import NginxConfig

/// A `fastcgi_param`, made ready: its name as bytes, and its value either constant or a template.
enum ParamInstruction: Sendable {
    case constant(name: [UInt8], value: [UInt8])
    case variable(name: [UInt8], Variable)
    case template(name: [UInt8], Template)
    /// `if_not_empty`.
    case ifNotEmpty(name: [UInt8], Template)

    static func compile(_ params: [FastCGIParam]) -> [ParamInstruction] {
        params.compactMap { param in
            let name = Array(param.name.utf8)
            if let constant = param.value.constant {
                return constant.isEmpty && param.ifNotEmpty ? nil : .constant(name: name, value: constant)
            }
            if param.ifNotEmpty { return .ifNotEmpty(name: name, param.value) }
            if param.value.parts.count == 1, case .variable(let variable) = param.value.parts[0] {
                return .variable(name: name, variable)
            }
            return .template(name: name, param.value)
        }
    }

    /// `HTTP_X_Y` stands in place of the client's header `x-y`.
    static func hiddenHeader(_ name: String) -> String? {
        guard name.hasPrefix("HTTP_") else { return nil }
        return String(decoding: name.utf8.dropFirst(5).map { $0 == 0x5F ? 0x2D : $0 }, as: UTF8.self).lowercased()
    }
}
