/// Holds a response's body against its Content-Length: what is more is cut, what is less is an error.
struct BodyAccount {
    private enum Expectation {
        case unknown
        case exactly(remaining: Int)
        /// A response to HEAD, a 204 or a 304: whatever the responder sends is dropped.
        case none
    }

    private var expectation: Expectation

    init(_ head: ResponseHead, isAnswerToHead: Bool) {
        if isAnswerToHead || head.status == 204 || head.status == 304 {
            expectation = .none
        } else if let length = head.contentLength {
            expectation = .exactly(remaining: length)
        } else {
            expectation = .unknown
        }
    }

    /// - Returns: how many of `count` body bytes belong to the response
    mutating func take(_ count: Int) -> Int {
        switch expectation {
        case .unknown: return count
        case .none: return 0
        case .exactly(let remaining):
            let taken = min(count, remaining)
            expectation = .exactly(remaining: remaining - taken)
            return taken
        }
    }

    func end() throws(FastCGIError) {
        if case .exactly(let remaining) = expectation, remaining > 0 { throw .bodyTooShort }
    }
}
