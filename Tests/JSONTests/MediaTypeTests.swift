import JSON
import Testing

@Suite struct `Media type` {
    @Test(arguments: [
        ("application/json", true), ("Application/JSON; charset=UTF-8", true), ("application/problem+json", true),
        ("application/json;charset=\"utf-8\"", true), ("application/json; charset=latin1", false),
        ("text/plain", false), ("application/x-www-form-urlencoded", false), ("application/jsonp", false), (";", false),
    ])
    func `only JSON in UTF-8 is JSON`(_ field: String, _ isJSON: Bool) {
        #expect(JSON.isMediaType(field) == isJSON)
    }
}
