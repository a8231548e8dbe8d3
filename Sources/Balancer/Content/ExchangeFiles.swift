internal import Glibc
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// Where no node is asked: ngx_http_try_files_module, ngx_http_index_module and ngx_http_static_module.
extension Exchange {
    /// nginx's limit of internal redirects.
    private static let mostRedirects = 10

    /// Answers with what is on the disk.
    func serveContent() {
        guard !isResponseBegun else { return }
        if location.settings.content == .stubStatus { return serveStubStatus() }
        let path = path
        let method = parser.head.method
        guard redirect?.isGET == true || method == .get || method == .head || method == .post else {
            return refuse(.configured(405))
        }
        if path.last == 0x2F { return serveFolder(path) }
        guard let name = fileName(of: path) else { return refuse(.notFound) }
        do throws(SystemError) {
            let file = try OpenFile(name)
            switch file.kind {
            case .folder:
                var target = Self.escaped(path) + [0x2F]
                if hasQuery { target += [0x3F] + query }
                answer(
                    301, contentType: nil, [],
                    fields: [("Location", String(decoding: absolute(target), as: UTF8.self))])
            case .other:
                log(.crit, "\"\(Self.text(name))\" is not a regular file")
                refuse(.notFound)
            case .file:
                if method == .post, redirect?.isGET != true { return refuse(.configured(405)) }
                send(file)
            }
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: SystemError) {
        switch error.code {
        case ENOENT, ENOTDIR, ENAMETOOLONG:
            if location.settings.files.logsNotFound { log(.error, Self.text(error)) }
            refuse(.notFound)
        case EACCES, ELOOP:
            log(.error, Self.text(error))
            refuse(.configured(403))
        default:
            log(.crit, Self.text(error))
            refuse(.configured(500))
        }
    }

    /// In nginx's words.
    private static func text(_ error: SystemError) -> String {
        "\(error.call)() \"\(error.subject)\" failed (\(error.code): \(SystemError.text(error.code)))"
    }

    private static func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

    // MARK: Names

    /// What a path stands for on the disk. nil: a path that leads out of its folder, which only a variable can make.
    func fileName(of path: [UInt8]) -> [UInt8]? {
        let root = location.settings.files.root
        var name: [UInt8] = []
        append(root.path, to: &name)
        switch root.alias {
        case nil: name += path
        case .prefix(let count): name += path.dropFirst(count)
        case .whole: break
        }
        return name.contains(0) || name.split(separator: 0x2F).contains([0x2E, 0x2E]) ? nil : name
    }

    /// nginx's NGX_ESCAPE_URI.
    static func escaped(_ path: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for byte in path {
            switch byte {
            case 0x21, 0x24, 0x26...0x3E, 0x40...0x7E: out.append(byte)
            default:
                out += Array(
                    "%\(String(byte >> 4, radix: 16, uppercase: true))\(String(byte & 15, radix: 16, uppercase: true))"
                        .utf8)
            }
        }
        return out
    }

    // MARK: index

    private func serveFolder(_ path: [UInt8]) {
        var isThere = false
        for template in location.settings.files.index {
            let index = value(of: template)
            if index.first == 0x2F { return redirectInternally(to: index) }
            guard let name = fileName(of: path + index) else { continue }
            if OpenFile.kind(of: name) != nil { return redirectInternally(to: path + index) }
            let code = errno
            if code == EACCES { return fail(SystemError("open", code: code, subject: Self.text(name))) }
            if !isThere {
                guard let folder = fileName(of: path), OpenFile.kind(of: folder) == .folder else {
                    return fail(SystemError("open", code: ENOENT, subject: Self.text(name)))
                }
                isThere = true
            }
        }
        log(.error, "directory index of \"\(Self.text(fileName(of: path) ?? []))\" is forbidden")
        refuse(.configured(403))
    }

    /// Goes on as if the client had asked for another path.
    /// - Parameter query: nil: the request's own
    func redirectInternally(to path: [UInt8], query other: [UInt8]? = nil) {
        var next = redirect ?? InternalRedirect()
        next.count += 1
        guard next.count <= Self.mostRedirects else {
            log(
                .error,
                "rewrite or internal redirection cycle while internally redirecting to \"\(String(decoding: path, as: UTF8.self))\""
            )
            return refuse(.configured(500))
        }
        next.query = other ?? (hasQuery ? query : nil)
        next.path = path
        redirect = next
        let generation = generation
        enterLocation(location(for: path))
        guard generation == self.generation, !isResponseBegun else { return }
        if isBodyComplete || isBufferFull || mustClose { ready() }
    }

    /// To a named location; the path stays.
    func redirectInternally(toNamed name: [UInt8]) {
        guard let index = server.server.location(named: String(decoding: name, as: UTF8.self)) else {
            log(.error, "could not find named location \"\(String(decoding: name, as: UTF8.self))\"")
            return refuse(.configured(500))
        }
        var next = redirect ?? InternalRedirect()
        next.count += 1
        guard next.count <= Self.mostRedirects else { return refuse(.configured(500)) }
        redirect = next
        let generation = generation
        enterLocation(index)
        guard generation == self.generation, !isResponseBegun else { return }
        if isBodyComplete || isBufferFull || mustClose { ready() }
    }

    // MARK: try_files

    /// Finds the first that is there.
    /// - Returns: whether the request is led elsewhere, or answered
    func isLedAway(by files: TryFiles) -> Bool {
        for candidate in files.candidates {
            var path = value(of: candidate.path)
            let alias = location.settings.files.root.alias
            // With alias, a candidate begins where the folder does, or as the location does.
            if case .prefix(let count) = alias, !path.starts(with: self.path.prefix(count)) {
                path = self.path.prefix(count) + path
            }
            guard let name = fileName(of: path) else { continue }
            guard OpenFile.kind(of: name) == (candidate.isFolder ? .folder : .file) else { continue }
            // A folder's path, too, is without its final slash, so that the client is sent to the one with it.
            if path != self.path {
                var next = redirect ?? InternalRedirect()
                if next.path == nil { next.query = hasQuery ? query : nil }
                next.path = path
                redirect = next
            }
            return false
        }
        switch files.fallback {
        case .status(let status):
            if status == 404 { refuse(.notFound) } else { answer(byStatus: status) }
        case .target(let template):
            let target = value(of: template)
            if target.first == 0x40 {
                redirectInternally(toNamed: target)
            } else {
                let parts = target.split(separator: 0x3F, maxSplits: 1, omittingEmptySubsequences: false)
                redirectInternally(to: Array(parts[0]), query: parts.count == 2 ? Array(parts[1]) : [])
            }
        }
        return true
    }

    // MARK: The file

    private func send(_ file: OpenFile) {
        let settings = location.settings
        let tag =
            settings.files.sendsETag
            ? "\"\(String(file.modified, radix: 16))-\(String(file.size, radix: 16))\"" : nil
        let conditions = FileConditions(
            size: file.size, modified: file.modified, tag: tag, rule: settings.files.ifModifiedSince)
        // An error's page is sent whole.
        let isError = (redirect?.status ?? 200) != 200
        let answer = isError ? .whole : conditions.answer { value(of: $0) }
        var fields: [(StaticString, String)] = []
        if !isError { fields.append(("Last-Modified", HTTPDate.text(file.modified))) }
        if let tag { fields.append(("ETag", tag)) }
        let type = redirect?.contentType ?? settings.response.mediaTypes.type(ofPath: path)
        switch answer {
        case .preconditionFailed: refuse(.configured(412))
        case .notModified: beginFile(304, type: nil, nil, fields)
        case .rangeNotSatisfiable: refuse(.unsatisfiable(length: file.size))
        case .whole:
            if !isError { fields.append(("Accept-Ranges", "bytes")) }
            beginFile(200, type: type, FilePart(file, offset: 0, count: file.size), fields)
        case .part(let range):
            fields.append(("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"))
            beginFile(206, type: type, FilePart(file, offset: range.lowerBound, count: range.count), fields)
        }
    }

    private func beginFile(_ status: Int, type: String?, _ part: FilePart?, _ fields: [(StaticString, String)]) {
        takeOver()
        self.status = redirect?.status ?? status
        client.beginResponse(self.status, reason: nil, contentLength: part?.count, mayKeepAlive: !mustClose)
        beginFields()
        addOwnFields(contentType: type, fields)
        addHeaders()
        client.endResponseHead()
        if let part { client.responseFile(part) }
        client.endResponse()
        client.flushResponse()
    }
}
