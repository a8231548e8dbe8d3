internal import Bytes

/// The date format of HTTP (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    /// The last second of the year 9999, which is the last year that the format can hold.
    private static let maxSeconds = 253_402_300_799

    /// - Parameter seconds: since 1970-01-01 00:00:00 UTC; limited to the years 1970 to 9999
    package static func text(_ seconds: Int) -> String {
        let seconds = min(max(0, seconds), maxSeconds)
        let days = seconds / 86_400
        let time = seconds % 86_400
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

        // A year begins in March here, so that the leap day is the last day of a year (Hinnant, days_from_civil).
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

        var out: [UInt8] = []
        out.reserveCapacity(29)
        out.append(contentsOf: weekdays[days % 7])
        out.append(contentsOf: ", ")
        out.append(decimal: day, width: 2)
        out.append(ASCII.space)
        out.append(contentsOf: months[month - 1])
        out.append(ASCII.space)
        out.append(decimal: year / 100, width: 2)
        out.append(decimal: year % 100, width: 2)
        out.append(ASCII.space)
        out.append(decimal: time / 3_600, width: 2)
        out.append(ASCII.colon)
        out.append(decimal: time / 60 % 60, width: 2)
        out.append(ASCII.colon)
        out.append(decimal: time % 60, width: 2)
        out.append(contentsOf: " GMT")
        return String(decoding: out, as: UTF8.self)
    }
}
