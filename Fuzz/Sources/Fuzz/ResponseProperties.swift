import Bytes
import FastCGIWire

/// Properties of `FastCGIWire`'s decoder. The first byte of an input selects the options; the rest is what a responder
/// sends.
enum ResponseProperties {
    private struct Options {
        let keepsConnection: Bool
        let isHead: Bool
        let limits: ResponseLimits

        init(_ flags: UInt8) {
            keepsConnection = flags & 1 == 1
            isHead = flags & 2 == 2
            limits = flags & 4 == 4 ? ResponseLimits(head: 64, fields: 3) : ResponseLimits()
        }

        func response(_ bytes: [UInt8], ends: [Int]) -> ReceivedResponse {
            ReceivedResponse(bytes, ends: ends, keepsConnection: keepsConnection, isHead: isHead, limits: limits)
        }
    }

    static func check(_ input: [UInt8]) {
        guard let flags = input.first else { return }
        let options = Options(flags)
        let bytes = Array(input.dropFirst())
        let whole = options.response(bytes, ends: [bytes.count])
        var cuts = Cuts(input)
        let ends = cuts.ends(in: bytes.count)
        let pieces = options.response(bytes, ends: ends)
        require(pieces == whole, "split at \(ends): \(pieces), in one piece: \(whole)")
        guard whole.isEnded, whole.error == nil else { return }

        check(whole, options)
        let copy = whole.serialized()
        var again = options.response(copy, ends: [copy.count])
        again.isReusable = whole.isReusable
        require(again == whole, "an accepted response is parsed differently: \(again), first: \(whole)")
    }

    private static func check(_ response: ReceivedResponse, _ options: Options) {
        guard let head = response.head else { fatalError("the response ended without a head") }
        require((200...599).contains(head.status), "the status is \(head.status)")
        require(!response.isReusable || options.keepsConnection, "a connection without FCGI_KEEP_CONN is reusable")
        if options.isHead || head.status == 204 || head.status == 304 {
            require(response.body.isEmpty, "a response that cannot have a body has one")
        } else if let length = head.contentLength {
            require(response.body.count == length, "the length of the body differs from Content-Length")
        }
        for field in head.fields {
            require(field.allSatisfy { !$0.isControl || $0 == ASCII.tab }, "a control byte in a field")
            let name = field.prefix { $0 != ASCII.colon }
            require(!name.isEqual(ignoringCase: "transfer-encoding".utf8), "Transfer-Encoding was accepted")
        }
    }
}
