import FastCGIWire

/// `FastCGIWire`'s decoder, on the bytes of one responder. The first byte of an input says what was asked.
enum ResponseProperties {
    private struct Question {
        let keepsConnection: Bool
        let isHead: Bool
        let limits: ResponseLimits

        init(_ flags: UInt8) {
            keepsConnection = flags & 1 == 1
            isHead = flags & 2 == 2
            limits = flags & 4 == 4 ? ResponseLimits(head: 64, fields: 3) : ResponseLimits()
        }

        func answer(_ bytes: [UInt8], ends: [Int]) -> ReceivedResponse {
            ReceivedResponse(bytes, ends: ends, keepsConnection: keepsConnection, isHead: isHead, limits: limits)
        }
    }

    static func check(_ input: [UInt8]) {
        guard let flags = input.first else { return }
        let question = Question(flags)
        let bytes = Array(input.dropFirst())
        let whole = question.answer(bytes, ends: [bytes.count])
        var cuts = Cuts(input)
        let ends = cuts.ends(in: bytes.count)
        let pieces = question.answer(bytes, ends: ends)
        require(pieces == whole, "cut at \(ends): \(pieces), in one piece: \(whole)")
        guard whole.isEnded, whole.error == nil else { return }

        check(whole, question)
        let copy = whole.serialized()
        var again = question.answer(copy, ends: [copy.count])
        again.isReusable = whole.isReusable
        require(again == whole, "what was taken reads differently: \(again), first: \(whole)")
    }

    private static func check(_ response: ReceivedResponse, _ question: Question) {
        guard let head = response.head else { fatalError("the end without a head") }
        require((200...599).contains(head.status), "the status is \(head.status)")
        require(!response.isReusable || question.keepsConnection, "a connection that nobody keeps is used again")
        if question.isHead || head.status == 204 || head.status == 304 {
            require(response.body.isEmpty, "a body where none may be")
        } else if let length = head.contentLength {
            require(response.body.count == length, "the body has another length than Content-Length")
        }
        for field in head.fields {
            require(field.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "a control byte in a field")
            let name = String(decoding: field.prefix { $0 != 0x3A }, as: UTF8.self).lowercased()
            require(name != "transfer-encoding", "Transfer-Encoding was taken")
        }
    }
}
