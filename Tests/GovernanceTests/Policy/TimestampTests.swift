import Governance
import Testing

@Suite struct `Timestamps` {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2026-11-21T08:00:00.000Z", 1_795_248_000_000),
            ("2000-02-29T23:59:59.999Z", 951_868_799_999),
            ("2024-03-01T00:00:00.001Z", 1_709_251_200_001),
            ("2100-02-28T12:30:00.000Z", 4_107_501_000_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)])
    func `text and milliseconds name the same moment`(text: String, milliseconds: Int64) {
        #expect(Timestamp(text)?.milliseconds == milliseconds)
        #expect(Timestamp(milliseconds: milliseconds).description == text)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T08:00:00Z", "2026-11-21T08:00:00.00Z",
        "2026-11-21T08:00:00.0000Z", "2026-11-21T08:00:00.000+00:00", "2026-11-21t08:00:00.000z",
        "2026-11-21 08:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-00-01T00:00:00.000Z",
        "2026-02-29T00:00:00.000Z", "2100-02-29T00:00:00.000Z", "2026-04-31T00:00:00.000Z",
        "2026-11-21T24:00:00.000Z", "2026-11-21T23:60:00.000Z", "2016-12-31T23:59:60.000Z",
        "1969-12-31T23:59:59.999Z", "+026-11-21T08:00:00.000Z", "2026-11-21T08:00:00.000Z ",
        "٢٠٢٦-11-21T08:00:00.000Z",
    ])
    func `anything but the one form is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `every day of four centuries reads back`() {
        var day: Int64 = 0
        while day < 146_097 {
            let moment = Timestamp(milliseconds: day * 86_400_000)
            #expect(Timestamp(moment.description) == moment)
            day += 17
        }
    }

    @Test func `adding stops at the ends instead of overflowing`() {
        let noon = Timestamp(milliseconds: 1_795_248_000_000)
        #expect(noon.adding(seconds: 90).description == "2026-11-21T08:01:30.000Z")
        #expect(noon.adding(seconds: -.max) == .earliest)
        #expect(noon.adding(seconds: .max) == .latest)
        #expect(Timestamp(milliseconds: .min) == .earliest)
        #expect(noon < noon.adding(seconds: 1))
    }
}
