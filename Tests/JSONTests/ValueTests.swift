import JSON
import Testing

@Suite struct `Values` {
    @Test func `subscripts return members and elements`() {
        let value: JSONValue = ["tasks": [["id": "x"], 2]]
        #expect(value["tasks"]?[0]?["id"]?.stringValue == "x")
        #expect(value["tasks"]?[1] == 2)
        #expect(value["tasks"]?[2] == nil)
        #expect(value["none"] == nil)
        #expect(JSONValue.string("x")["a"] == nil)
    }

    @Test func `members are set and removed`() {
        var value: JSONValue = [:]
        value["a"] = 1
        value["b"] = "x"
        value["a"] = nil
        #expect(value == ["b": "x"])
    }

    @Test func `accessors return values of their own kind only`() {
        #expect(JSONValue.integer(3).integerValue == 3)
        #expect(JSONValue.integer(3).numberValue == 3)
        #expect(JSONValue.number(1.5).numberValue == 1.5)
        #expect(JSONValue.number(1.5).integerValue == nil)
        #expect(JSONValue.bool(true).boolValue == true)
        #expect(JSONValue.bool(true).integerValue == nil)
        #expect(JSONValue.string("1").integerValue == nil)
        #expect(JSONValue.null.isNull)
    }

    @Test func `a value is decoded and encoded inside other types`() throws {
        struct Item: Codable, Equatable {
            var type: String
            var input: JSONValue
        }
        let items = try JSON.decode([Item].self, from: Array(#"[{"type":"x","input":{"a":[1,null]}}]"#.utf8))
        #expect(items == [Item(type: "x", input: ["a": [1, .null]])])
    }
}
