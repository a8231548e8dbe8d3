internal import Bytes
internal import Glibc
internal import Reactor

/// The wall time in the formats of headers and logs. The text is made at most once a second.
final class TimeText {
    private var second: Int64 = -1
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, for `Date`.
    private(set) var http: [UInt8] = []
    /// The lines `Server` and `Date` of an HTTP/1 head. Nearly every response has these lines.
    private(set) var http1Fields: [UInt8] = []
    /// `06/Nov/1994:08:49:37 +0000`, `$time_local`.
    private(set) var local: [UInt8] = []
    /// `1994-11-06T08:49:37+00:00`, `$time_iso8601`.
    private(set) var iso8601: [UInt8] = []
    /// `1994/11/06 08:49:37`, for the error log.
    private(set) var errorLog: [UInt8] = []

    /// The value of `Server`, unless `server_tokens` says otherwise.
    static let serverName = Array("millrace".utf8)

    func update(to time: WallTime) {
        guard time.seconds != second else { return }
        second = time.seconds
        var raw = time_t(second)
        var utc = tm()
        var here = tm()
        gmtime_r(&raw, &utc)
        localtime_r(&raw, &here)
        Self.rewrite(&http) { out in
            out.append(literal: Self.weekdays[Int(utc.tm_wday)])
            out.append(literal: ", ")
            Self.append(date: utc, " ", to: &out)
            out.append(literal: " ")
            Self.append(clock: utc, to: &out)
            out.append(literal: " GMT")
        }
        let date = http
        Self.rewrite(&http1Fields) { out in
            out.append(literal: "Server: ")
            out += Self.serverName
            out.append(literal: "\r\nDate: ")
            out += date
            out.append(literal: "\r\n")
        }
        Self.rewrite(&local) { out in
            Self.append(date: here, "/", to: &out)
            out.append(literal: ":")
            Self.append(clock: here, to: &out)
            out.append(literal: " ")
            Self.append(zone: here, "", to: &out)
        }
        Self.rewrite(&iso8601) { out in
            Self.append(numericDate: here, "-", to: &out)
            out.append(literal: "T")
            Self.append(clock: here, to: &out)
            Self.append(zone: here, ":", to: &out)
        }
        Self.rewrite(&errorLog) { out in
            Self.append(numericDate: here, "/", to: &out)
            out.append(literal: " ")
            Self.append(clock: here, to: &out)
        }
    }

    /// Keeps the array's memory, so that a new text allocates nothing.
    private static func rewrite(_ text: inout [UInt8], _ write: (inout [UInt8]) -> Void) {
        text.removeAll(keepingCapacity: true)
        write(&text)
    }

    /// `06 Nov 1994`
    private static func append(date: tm, _ separator: StaticString, to out: inout [UInt8]) {
        out.append(decimal: Int(date.tm_mday), width: 2)
        out.append(literal: separator)
        out.append(literal: months[Int(date.tm_mon)])
        out.append(literal: separator)
        out.append(decimal: Int(date.tm_year) + 1900)
    }

    /// `1994-11-06`
    private static func append(numericDate date: tm, _ separator: StaticString, to out: inout [UInt8]) {
        out.append(decimal: Int(date.tm_year) + 1900)
        out.append(literal: separator)
        out.append(decimal: Int(date.tm_mon) + 1, width: 2)
        out.append(literal: separator)
        out.append(decimal: Int(date.tm_mday), width: 2)
    }

    /// `08:49:37`
    private static func append(clock time: tm, to out: inout [UInt8]) {
        out.append(decimal: Int(time.tm_hour), width: 2)
        out.append(literal: ":")
        out.append(decimal: Int(time.tm_min), width: 2)
        out.append(literal: ":")
        out.append(decimal: Int(time.tm_sec), width: 2)
    }

    /// `+0000`
    private static func append(zone time: tm, _ separator: StaticString, to out: inout [UInt8]) {
        let offset = abs(time.tm_gmtoff) / 60
        out.append(literal: time.tm_gmtoff < 0 ? "-" : "+")
        out.append(decimal: offset / 60, width: 2)
        out.append(literal: separator)
        out.append(decimal: offset % 60, width: 2)
    }

    private static let weekdays: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
