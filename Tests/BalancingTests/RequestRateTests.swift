import Balancing
import Testing

struct RequestRateTests {
    @Test(arguments: [
        ("1r/s", 1_000_000), ("100r/s", 100_000_000), ("1r/m", 16_000), ("100r/m", 1_666_000), ("30r/m", 500_000),
        ("0.5r/s", 500_000), ("1.5r/s", 1_500_000), ("2.0r/s", 2_000_000), ("0.5r/m", 8_333),
        ("1.666667r/m", 27_777), ("0.000001r/s", 1),
    ])
    func `Whole rates are cut to a thousandth as in nginx, decimal ones to a millionth`(text: String, millionths: Int64)
    {
        #expect(RequestRate(parsing: text)?.millionthsPerSecond == millionths)
    }

    @Test(arguments: [
        "", "r/s", "1", "1r/h", "0r/s", "-1r/s", "+1r/s", "1 r/s", "1.r/s", ".5r/s", "1.2.3r/s", "0.0r/s",
        "0.0000001r/s", "1e3r/s", "99999999999r/s", "99999999999999999999.5r/s", "1,5r/s", "١r/s", "xr/m",
    ])
    func `Anything else is no rate`(text: String) {
        #expect(RequestRate(parsing: text) == nil)
    }
}
