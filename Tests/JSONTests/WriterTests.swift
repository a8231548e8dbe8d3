import JSON
import Testing

@Suite struct `Writer` {
    @Test func `members keep their order, and are separated and escaped`() {
        let text = JSONWriter.object { body in
            body.member("b", "\"\n")
            body.member("a", 1)
            body.array("d") { list in
                list.object { $0.member("e", nil as String?) }
                list.object { $0.member("e", json: Array("[]".utf8)) }
            }
            body.object("empty") { _ in }
            body.object("c") { inner in
                inner.member("z", true)
                inner.member("y", 0.5)
            }
        }
        #expect(
            String(decoding: text.bytes, as: UTF8.self)
                == #"{"b":"\"\n","a":1,"d":[{"e":null},{"e":[]}],"empty":{},"c":{"z":true,"y":0.5}}"#)
    }
}
