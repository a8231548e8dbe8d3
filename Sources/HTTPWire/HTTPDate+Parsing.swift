extension HTTPDate {
    /// Parses a date in the current form or in one of the two obsolete forms (RFC 9110, 5.6.7):
    /// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
    /// - Returns: seconds since 1970-01-01 00:00:00 UTC; nil if the text is not a date
    package static func seconds(_ text: String) -> Int? {
        let words = text.split { $0 == " " || $0 == "-" || $0 == "," }.map(String.init)
        // The weekday is not checked.
        let date: (day: String, month: String, year: String, time: String)
        switch words.count {
        case 6 where text.contains(","): date = (words[1], words[2], words[3], words[4])
        case 5: date = (words[2], words[1], words[4], words[3])
        default: return nil
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = date.time.split(separator: ":", omittingEmptySubsequences: false).map {
            number(String($0), atMost: 60) ?? .max
        }
        guard let day = number(date.day, atMost: 31), day > 0, let month = months.firstIndex(of: date.month),
            var year = number(date.year, atMost: 9999), clock.count == 3, clock[0] < 24, clock[1] < 60, clock[2] <= 60
        else { return nil }
        // The form of RFC 850 has a year of two digits.
        if date.year.count == 2 { year += year < 70 ? 2000 : 1900 }
        guard year >= 1970 else { return nil }
        return days(year, month + 1, day) * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
    }

    private static func number(_ text: String, atMost limit: Int) -> Int? {
        guard let number = Int(text), (0...limit).contains(number), !text.hasPrefix("+") else { return nil }
        return number
    }

    /// Days since 1970-01-01 (Hinnant, days_from_civil).
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = (shifted / 400, shifted % 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
