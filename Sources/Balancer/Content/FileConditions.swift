internal import HTTPWire
internal import NginxConfig

/// Evaluates a request's preconditions (RFC 9110, section 13) and its range for a file, in the order of nginx's
/// not-modified and range filters.
struct FileConditions {
    enum Answer: Hashable {
        case whole
        case part(Range<Int>)
        case notModified
        case preconditionFailed
        case rangeNotSatisfiable
    }

    /// The file's size in bytes.
    let size: Int
    /// The time of the last change, in seconds since 1970.
    let modified: Int
    /// The entity tag with its quotes; nil if `etag` is `off`.
    let tag: String?
    let rule: IfModifiedSince

    /// - Parameter field: returns the value of a request header by its lower-case name
    func answer(to field: (String) -> String?) -> Answer {
        if let date = field("if-unmodified-since"), let seconds = HTTPDate.seconds(date), modified > seconds {
            return .preconditionFailed
        }
        if let tags = field("if-match"), !matches(tags, isWeak: false) { return .preconditionFailed }
        let (since, noneMatch) = (field("if-modified-since"), field("if-none-match"))
        if since != nil || noneMatch != nil {
            let isModified = since.map { self.isModified(since: $0) } ?? false
            let isOther = noneMatch.map { !matches($0, isWeak: true) } ?? false
            if !isModified, !isOther { return .notModified }
        }
        guard let range = field("range") else { return .whole }
        if let condition = field("if-range"), !holds(ifRange: condition) { return .whole }
        switch RangeHeader(Array(range.utf8), length: size) {
        case .whole: return .whole
        case .part(let range): return .part(range)
        case .unsatisfiable: return .rangeNotSatisfiable
        }
    }

    private func isModified(since date: String) -> Bool {
        if rule == .off { return true }
        guard let seconds = HTTPDate.seconds(date) else { return true }
        return rule == .exact ? seconds != modified : seconds < modified
    }

    private func holds(ifRange condition: String) -> Bool {
        if condition.hasPrefix("\"") { return condition == tag }
        return HTTPDate.seconds(condition) == modified
    }

    private func matches(_ list: String, isWeak: Bool) -> Bool {
        if list == "*" { return true }
        guard let tag else { return false }
        for item in list.split(separator: ",") {
            var item = item.drop { $0 == " " || $0 == "\t" }
            while item.last == " " || item.last == "\t" { item.removeLast() }
            if isWeak, item.hasPrefix("W/") { item = item.dropFirst(2) }
            if item == tag { return true }
        }
        return false
    }
}
