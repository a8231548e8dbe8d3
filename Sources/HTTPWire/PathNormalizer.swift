internal import Bytes

/// Makes nginx's `$uri` from a raw path: percent-decoded once, slashes merged if the rules say so, `.` and `..`
/// resolved.
///
/// A decoded slash or dot counts like a plain one, so that `%2e%2e%2f` has the same effect as `../`.
enum PathNormalizer {
    /// - Parameter path: must be empty; receives the result
    static func normalize(
        _ bytes: Span<UInt8>, _ raw: ByteRange, mergesSlashes: Bool, into path: inout [UInt8]
    ) throws(HTTPError) {
        if isNormal(bytes, raw) { return path.append(copying: bytes.extracting(raw.range)) }
        var isClean = true
        var previous: UInt8 = 0
        var index = raw.start
        while index < raw.end {
            var byte = bytes[index]
            index += 1
            if byte == ASCII.percent {
                guard index + 1 < raw.end, let high = bytes[index].hexValue, let low = bytes[index + 1].hexValue
                else { throw .malformedTarget }
                byte = high << 4 | low
                guard byte != 0 else { throw .malformedTarget }
                index += 2
            }
            if previous == ASCII.slash, byte == ASCII.slash || byte == ASCII.dot { isClean = false }
            path.append(byte)
            previous = byte
        }
        if !isClean { try removeDotSegments(&path, mergesSlashes: mergesSlashes) }
    }

    /// Whether the path needs no change. Nearly all paths need none, and are copied as a whole.
    private static func isNormal(_ bytes: Span<UInt8>, _ raw: ByteRange) -> Bool {
        var previous: UInt8 = 0
        for index in raw.range {
            let byte = bytes[index]
            if byte == ASCII.percent { return false }
            if previous == ASCII.slash, byte == ASCII.slash || byte == ASCII.dot { return false }
            previous = byte
        }
        return true
    }

    /// Removes `.` and `..` in place (RFC 3986, 5.2.4), and empty segments if slashes are merged.
    /// - Throws: ``HTTPError/pathAboveRoot`` if the path leads above the root
    private static func removeDotSegments(_ path: inout [UInt8], mergesSlashes: Bool) throws(HTTPError) {
        var written = 0
        var start = 0
        var endsInSlash = false
        // Each iteration handles one segment: the slash at `start` and the bytes up to the next slash.
        while start < path.count {
            var end = start + 1
            while end < path.count, path[end] != ASCII.slash { end += 1 }
            let length = end - start - 1
            endsInSlash = true
            if length == 2, path[start + 1] == ASCII.dot, path[start + 2] == ASCII.dot {
                guard written > 0 else { throw .pathAboveRoot }
                repeat { written -= 1 } while path[written] != ASCII.slash
            } else if length > 1 || length == 1 && path[start + 1] != ASCII.dot
                || length == 0 && !mergesSlashes && end < path.count
            {
                endsInSlash = false
                for index in start..<end {
                    path[written] = path[index]
                    written += 1
                }
            }
            start = end
        }
        if endsInSlash {
            path[written] = ASCII.slash
            written += 1
        }
        path.removeLast(path.count - written)
    }
}
