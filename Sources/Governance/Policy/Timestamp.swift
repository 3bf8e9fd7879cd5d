// A point in time as every signed document of ours writes it: RFC 3339, UTC, exactly milliseconds.
//
// The text has one form only, 24 bytes, so that equal times are equal bytes:
//
//     YYYY-MM-DDThh:mm:ss.fffZ
//
// with the proleptic Gregorian calendar, years 1970 to 9999, capital `T` and `Z`, and no leap
// second (`:60` is refused: it has no place in a count of milliseconds). Worked example:
// 1795248000000 milliseconds since 1970 is `2026-11-21T08:00:00.000Z`.
//
// The calendar arithmetic counts days in eras of 400 years (146,097 days) that begin on 1 March, so
// that the leap day is the last day of its year.

/// A moment in UTC with millisecond precision; the only time that rules ever see.
package struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00.000Z, leap seconds not counted.
    package let milliseconds: Int64

    /// 1970-01-01T00:00:00.000Z.
    package static let earliest = Timestamp(milliseconds: 0)
    /// 9999-12-31T23:59:59.999Z.
    package static let latest = Timestamp(milliseconds: latestMilliseconds)

    private static let latestMilliseconds: Int64 = 253_402_300_799_999
    private static let dayMilliseconds: Int64 = 86_400_000

    /// The moment that many milliseconds after 1970; values outside 1970–9999 become the nearest
    /// end.
    package init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, 0), Self.latestMilliseconds)
    }

    /// Reads the one accepted form, `2026-11-21T08:00:00.000Z`; anything else is nil.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 24 else { return nil }
        for (index, separator) in Self.separators where bytes[index] != separator { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), year >= 1970,
            let month = number(5..<7), (1...12).contains(month),
            let day = number(8..<10), day >= 1, day <= Self.days(inMonth: month, of: year),
            let hour = number(11..<13), hour < 24,
            let minute = number(14..<16), minute < 60,
            let second = number(17..<19), second < 60,
            let millisecond = number(20..<23)
        else { return nil }
        let days = Self.daysSince1970(year: year, month: month, day: day)
        let seconds = hour * 3600 + minute * 60 + second
        self.milliseconds = days * Self.dayMilliseconds + seconds * 1000 + millisecond
    }

    /// The one form, always 24 bytes.
    package var description: String {
        let days = milliseconds / Self.dayMilliseconds
        let rest = milliseconds % Self.dayMilliseconds
        let (year, month, day) = Self.date(daysSince1970: days)
        func digits(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let date = "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
        let clock =
            "\(digits(rest / 3_600_000, 2)):\(digits(rest / 60_000 % 60, 2))"
            + ":\(digits(rest / 1000 % 60, 2)).\(digits(rest % 1000, 3))"
        return "\(date)T\(clock)Z"
    }

    /// This moment moved by whole seconds; stops at 1970 and 9999 instead of overflowing.
    package func adding(seconds: Int64) -> Timestamp {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .earliest : .latest }
        return adding(milliseconds: product)
    }

    /// This moment moved by milliseconds; stops at 1970 and 9999 instead of overflowing.
    package func adding(milliseconds delta: Int64) -> Timestamp {
        let (sum, overflow) = milliseconds.addingReportingOverflow(delta)
        guard !overflow else { return delta < 0 ? .earliest : .latest }
        return Timestamp(milliseconds: sum)
    }

    /// Milliseconds from `earlier` to this moment; negative when `earlier` is in fact later.
    package func milliseconds(since earlier: Timestamp) -> Int64 {
        milliseconds - earlier.milliseconds
    }

    /// Earlier is less.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    private static let separators: [(Int, UInt8)] = [
        (4, 0x2D), (7, 0x2D), (10, 0x54), (13, 0x3A), (16, 0x3A), (19, 0x2E), (23, 0x5A),
    ]

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func date(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = daysSince1970 + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
