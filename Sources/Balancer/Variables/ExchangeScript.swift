internal import NginxConfig
internal import Patterns

/// `fastcgi_split_path_info` and `fastcgi_index`: which script a path names, and what is for the script itself.
extension Exchange {
    func appendScriptName(to out: inout [UInt8]) {
        let start = out.count
        let path = path
        if let parts = pathParts(path) {
            out.append(contentsOf: path[parts.script])
        } else {
            out.append(contentsOf: path)
        }
        if out.count > start, out[out.count - 1] == 0x2F, let index = location.settings.fastCGI.index {
            append(index, to: &out)
        }
    }

    /// Without `fastcgi_split_path_info`, or where it does not match, the path is all script.
    func appendPathInfo(to out: inout [UInt8]) -> Bool {
        let path = path
        guard let parts = pathParts(path) else { return false }
        out.append(contentsOf: path[parts.information])
        return true
    }

    private func pathParts(_ path: [UInt8]) -> (script: Range<Int>, information: Range<Int>)? {
        guard let index = location.settings.fastCGI.splitPathInfo else { return nil }
        // Its groups are nobody else's.
        var ranges: [Range<Int>] = []
        guard loop.matcher.matches(configuration.patterns[index], path.span, into: &ranges), ranges.count > 2 else {
            return nil
        }
        return (ranges[1], ranges[2])
    }
}
