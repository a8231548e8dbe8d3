internal import Bytes
internal import FastCGIWire
internal import NginxConfig

/// The `fastcgi_param`s of a location, prepared for requests: everything that is the same in each request is encoded
/// already.
///
/// The steps hold offsets instead of arrays, so that iterating over them counts no references.
struct ParamProgram: Sendable {
    enum Step: Sendable {
        /// Params whose names and values are encoded.
        case constant(Range<Int>)
        /// An encoded name, and the variable of the value.
        case variable(name: Range<Int>, lengthAt: Int, NamedVariable)
        /// An encoded name, and the value's index in ``templates``.
        case template(name: Range<Int>, lengthAt: Int, Int)
        /// `if_not_empty`. The name is not encoded.
        case ifNotEmpty(name: Range<Int>, Int)
    }

    private(set) var steps: [Step] = []
    private(set) var bytes: [UInt8] = []
    private(set) var templates: [Template] = []

    init(_ params: [FastCGIParam]) {
        for param in params { add(param) }
    }

    private mutating func add(_ param: FastCGIParam) {
        let name = Array(param.name.utf8)
        let start = bytes.count
        if let constant = param.value.constant {
            if constant.isEmpty, param.ifNotEmpty { return }
            RequestEncoder.append(name.span, constant.span, to: &bytes)
            if case .constant(let before)? = steps.last {
                steps[steps.count - 1] = .constant(before.lowerBound..<bytes.count)
            } else {
                steps.append(.constant(start..<bytes.count))
            }
        } else if param.ifNotEmpty {
            bytes += name
            steps.append(.ifNotEmpty(name: start..<bytes.count, templates.count))
            templates.append(param.value)
        } else {
            let lengthAt = RequestEncoder.append(name: name.span, to: &bytes)
            let name = start..<bytes.count
            if param.value.parts.count == 1, case .variable(.named(let variable)) = param.value.parts[0] {
                steps.append(.variable(name: name, lengthAt: lengthAt, variable))
            } else {
                steps.append(.template(name: name, lengthAt: lengthAt, templates.count))
                templates.append(param.value)
            }
        }
    }

    /// The client's header that a param replaces: `x-y` for `HTTP_X_Y`.
    static func hiddenHeader(_ name: String) -> String? {
        guard name.hasPrefix("HTTP_") else { return nil }
        return String(
            decoding: name.utf8.dropFirst(5).map { $0 == ASCII.underscore ? ASCII.hyphen : $0 }, as: UTF8.self
        ).lowercased()
    }
}
