internal import NginxConfig
internal import Reactor

/// ngx_http_try_files_module: the request continues with the path of the first file that exists. If none exists, the
/// fallback applies.
struct TryFilesPhase {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    func run() -> Phase.Outcome {
        guard let files = exchange.location.settings.files.tryFiles else { return .proceed }
        for candidate in files.candidates {
            var path = exchange.variables.value(of: candidate.path)
            // With `alias`, a candidate may begin with the location's path, or be relative to the folder.
            if case .prefix(let count) = exchange.location.settings.files.root.alias,
                !path.starts(with: exchange.path.prefix(count))
            {
                path = exchange.path.prefix(count) + path
            }
            guard let name = FileNames(exchange).name(of: path) else { continue }
            guard OpenFile.kind(of: name) == (candidate.isFolder ? .folder : .file) else { continue }
            take(path)
            return .proceed
        }
        switch files.fallback {
        case .status(404): exchange.refuse(.notFound)
        case .status(let status): exchange.answer(byStatus: status)
        case .target(let template):
            InternalRedirects(exchange).redirect(toTarget: exchange.variables.value(of: template))
        }
        return .answered
    }

    /// Continues with the path. A folder's path has no final slash here. ``StaticFiles`` then redirects the client to
    /// the path with the slash.
    private func take(_ path: [UInt8]) {
        if path == exchange.path { return }
        var next = exchange.route.redirect ?? InternalRedirect()
        if next.path == nil { next.query = exchange.hasQuery ? exchange.query : nil }
        next.path = path
        exchange.route.redirect = next
    }
}
