// Points in time and spans of time, to the nanosecond.
//
// Specification: cel-spec, doc/langdef.md, "Timestamps" and "Overflow"; the texts are RFC 3339. A
// point lies between the years 1 and 9999. A span fits into 64 bits of nanoseconds, some 292 years
// either way, as the conformance data of cel-spec demands. Days are those of the proleptic Gregorian
// calendar, counted with the algorithm that shifts the year to begin in March; there are no leap
// seconds and, in a function that must give the same answer for ever, no database of time zones:
// zones are UTC or fixed offsets.

/// A point in time.
package struct CELMoment: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package let nanoseconds: Int128

    private static let perSecond: Int128 = 1_000_000_000
    private static let first: Int128 = -62_135_596_800 * perSecond
    private static let last: Int128 = 253_402_300_800 * perSecond - 1

    /// The point so many nanoseconds after 1970; nil outside of the years 1 to 9999.
    package init?(nanoseconds: Int128) {
        guard (Self.first...Self.last).contains(nanoseconds) else { return nil }
        self.nanoseconds = nanoseconds
    }

    /// Reads RFC 3339 with up to nine decimals: `2026-02-01T12:00:00.25+01:00`.
    package init?(_ text: String) {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.skip("-"), let month = reader.digits(2),
            reader.skip("-"), let day = reader.digits(2), reader.skip("T"),
            let hour = reader.digits(2), reader.skip(":"), let minute = reader.digits(2),
            reader.skip(":"), let second = reader.digits(2),
            (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day),
            hour < 24, minute < 60, second < 60,
            let fraction = reader.fraction(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        let days = Self.days(before: year, month, day)
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        self.init(nanoseconds: Int128(seconds) * Self.perSecond + Int128(fraction))
    }

    /// Seconds since 1970, downwards.
    var seconds: Int64 {
        let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: Self.perSecond)
        return Int64(truncatingIfNeeded: quotient) - (rest < 0 ? 1 : 0)
    }

    private var fraction: Int64 {
        Int64(truncatingIfNeeded: nanoseconds - Int128(seconds) * Self.perSecond)
    }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// RFC 3339 in UTC, with as many decimals as are needed.
    package var description: String {
        let parts = parts(offset: 0)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let year = String(repeating: "0", count: 4 - String(parts.year).count) + "\(parts.year)"
        return "\(year)-\(two(parts.month))-\(two(parts.day))T\(two(parts.hour)):"
            + "\(two(parts.minute)):\(two(parts.second))\(CELSpan.fractionText(fraction))Z"
    }

    /// A point in time as a calendar and a clock show it.
    struct Parts {
        let year, month, day, dayOfYear, dayOfWeek, hour, minute, second, millisecond: Int64
    }

    /// What calendar and clock show at an offset of so many seconds from UTC.
    func parts(offset: Int64) -> Parts {
        let local = seconds + offset
        let day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        let clock = local - day * 86_400
        // Days since 0000-03-01, in eras of 400 years.
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let inEra = shifted - era * 146_097
        let yearOfEra = (inEra - inEra / 1_460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * inYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return Parts(
            year: year, month: month, day: inYear - (153 * marchMonth + 2) / 5 + 1,
            dayOfYear: day - Self.days(before: year, 1, 1),
            dayOfWeek: ((day + 4) % 7 + 7) % 7, hour: clock / 3_600, minute: clock / 60 % 60,
            second: clock % 60, millisecond: fraction / 1_000_000)
    }

    private static func days(before year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let inYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + inYear - 719_468
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Seconds east of UTC of `UTC`, `+01:00`, `-09:30`, `02:00`; nil for anything else.
    static func offset(ofZone zone: String) -> Int64? {
        if zone == "UTC" { return 0 }
        var reader = DigitReader(zone)
        let negative = reader.skip("-")
        if !negative { _ = reader.skip("+") }
        guard let hours = reader.digits(2), reader.skip(":"), let minutes = reader.digits(2),
            hours < 24, minutes < 60, reader.isAtEnd
        else { return nil }
        return (negative ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }
}

/// Reads fixed forms of digits.
struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard let byte = rest.first, UInt32(byte) == mark.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let byte = rest.first, (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
            rest = rest.dropFirst()
        }
        return value
    }

    /// Nanoseconds of the decimals that may stand here; nil when a point has none or too many.
    mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        var (value, count): (Int64, Int) = (0, 0)
        while let digit = digits(1) {
            (value, count) = (value &* 10 &+ digit, count + 1)
            guard count <= 9 else { return nil }
        }
        guard count > 0 else { return nil }
        return (count..<9).reduce(value) { value, _ in value * 10 }
    }

    /// Seconds east of UTC of `Z` or an offset; nil when neither stands here.
    mutating func offset() -> Int64? {
        if skip("Z") { return 0 }
        let negative = skip("-")
        guard negative || skip("+"), let hours = digits(2), skip(":"), let minutes = digits(2),
            hours < 24, minutes < 60
        else { return nil }
        return (negative ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }
}
