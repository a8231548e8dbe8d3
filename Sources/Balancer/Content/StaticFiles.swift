internal import Bytes
internal import Glibc
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// Answers with files (ngx_http_index_module and ngx_http_static_module).
struct StaticFiles {
    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    private var settings: LocationSettings { exchange.location.settings }

    func serve() {
        let path = exchange.path
        let method = exchange.request.head.method
        let isGET = exchange.route.redirect?.isGET == true
        guard isGET || method == .get || method == .head || method == .post else {
            return exchange.refuse(.configured(405))
        }
        if path.last == ASCII.slash { return serveFolder(path) }
        guard let name = FileNames(exchange).name(of: path) else { return exchange.refuse(.notFound) }
        do throws(SystemError) {
            let file = try OpenFile(name)
            switch file.kind {
            case .folder: redirectToFolder(path)
            case .other:
                exchange.log(.crit, "\"\(Self.text(name))\" is not a regular file")
                exchange.refuse(.notFound)
            case .file:
                if method == .post, !isGET { return exchange.refuse(.configured(405)) }
                send(file)
            }
        } catch {
            fail(error)
        }
    }

    private func redirectToFolder(_ path: [UInt8]) {
        var target = FileNames.escaped(path) + [ASCII.slash]
        if exchange.hasQuery { target += [ASCII.question] + exchange.query }
        exchange.answer(
            301, contentType: nil, [], fields: [("Location", Self.text(exchange.absoluteURL(target)))])
    }

    private func fail(_ error: SystemError) {
        switch error.code {
        case ENOENT, ENOTDIR, ENAMETOOLONG:
            if settings.files.logsNotFound { exchange.log(.error, Self.text(error)) }
            exchange.refuse(.notFound)
        case EACCES, ELOOP:
            exchange.log(.error, Self.text(error))
            exchange.refuse(.configured(403))
        default:
            exchange.log(.crit, Self.text(error))
            exchange.refuse(.configured(500))
        }
    }

    /// The error as nginx writes it.
    private static func text(_ error: SystemError) -> String {
        "\(error.call)() \"\(error.subject)\" failed (\(error.code): \(SystemError.text(error.code)))"
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: index

    private func serveFolder(_ path: [UInt8]) {
        let names = FileNames(exchange)
        var isThere = false
        for template in settings.files.index {
            let index = exchange.variables.value(of: template)
            if index.first == ASCII.slash { return InternalRedirects(exchange).redirect(to: index) }
            guard let name = names.name(of: path + index) else { continue }
            if OpenFile.kind(of: name) != nil { return InternalRedirects(exchange).redirect(to: path + index) }
            let code = errno
            if code == EACCES { return fail(SystemError("open", code: code, subject: Self.text(name))) }
            if !isThere {
                guard let folder = names.name(of: path), OpenFile.kind(of: folder) == .folder else {
                    return fail(SystemError("open", code: ENOENT, subject: Self.text(name)))
                }
                isThere = true
            }
        }
        exchange.log(.error, "directory index of \"\(Self.text(names.name(of: path) ?? []))\" is forbidden")
        exchange.refuse(.configured(403))
    }

    // MARK: The file

    private func send(_ file: OpenFile) {
        let settings = settings
        let tag =
            settings.files.sendsETag
            ? "\"\(String(file.modified, radix: 16))-\(String(file.size, radix: 16))\"" : nil
        let conditions = FileConditions(
            size: file.size, modified: file.modified, tag: tag, rule: settings.files.ifModifiedSince)
        let redirect = exchange.route.redirect
        // An error page is always sent as a whole: preconditions and ranges do not apply to it.
        let isError = (redirect?.status ?? 200) != 200
        let answer = isError ? .whole : conditions.answer { exchange.request.value(of: $0) }
        var fields: [(StaticString, String)] = []
        if !isError { fields.append(("Last-Modified", HTTPDate.text(file.modified))) }
        if let tag { fields.append(("ETag", tag)) }
        let type = redirect?.contentType ?? settings.response.mediaTypes.type(ofPath: exchange.path)
        switch answer {
        case .preconditionFailed: exchange.refuse(.configured(412))
        case .notModified: exchange.answer(304, contentType: nil, nil, fields: fields)
        case .rangeNotSatisfiable: exchange.refuse(.unsatisfiable(length: file.size))
        case .whole:
            if !isError { fields.append(("Accept-Ranges", "bytes")) }
            let part = FilePart(file, offset: 0, count: file.size)
            exchange.answer(200, contentType: type, part, fields: fields)
        case .part(let range):
            fields.append(("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"))
            let part = FilePart(file, offset: range.lowerBound, count: range.count)
            exchange.answer(206, contentType: type, part, fields: fields)
        }
    }
}
