internal import Glibc
internal import Reactor

/// The wall time in the shapes that headers and logs want, made once a second.
final class TimeText {
    private var second: Int64 = -1
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, for `Date`.
    private(set) var http: [UInt8] = []
    /// `06/Nov/1994:08:49:37 +0000`, `$time_local`.
    private(set) var local: [UInt8] = []
    /// `1994-11-06T08:49:37+00:00`, `$time_iso8601`.
    private(set) var iso8601: [UInt8] = []
    /// `1994/11/06 08:49:37`, for the error log.
    private(set) var errorLog: [UInt8] = []

    func update(to time: WallTime) {
        guard time.seconds != second else { return }
        second = time.seconds
        var raw = time_t(second)
        var utc = tm()
        var here = tm()
        gmtime_r(&raw, &utc)
        localtime_r(&raw, &here)
        let offset = abs(here.tm_gmtoff) / 60
        let zone = (here.tm_gmtoff < 0 ? "-" : "+", Self.two(offset / 60), Self.two(offset % 60))
        let weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(utc.tm_wday)]
        let clock = Self.clock(here)
        http = Array(
            "\(weekday), \(Self.two(utc.tm_mday)) \(Self.month(utc)) \(utc.tm_year + 1900) \(Self.clock(utc)) GMT".utf8)
        local = Array(
            "\(Self.two(here.tm_mday))/\(Self.month(here))/\(here.tm_year + 1900):\(clock) \(zone.0)\(zone.1)\(zone.2)"
                .utf8)
        let date = (here.tm_year + 1900, Self.two(here.tm_mon + 1), Self.two(here.tm_mday))
        iso8601 = Array("\(date.0)-\(date.1)-\(date.2)T\(clock)\(zone.0)\(zone.1):\(zone.2)".utf8)
        errorLog = Array("\(date.0)/\(date.1)/\(date.2) \(clock)".utf8)
    }

    private static func clock(_ time: tm) -> String {
        "\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec))"
    }

    private static func month(_ time: tm) -> String {
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][Int(time.tm_mon)]
    }

    private static func two(_ number: some BinaryInteger) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
