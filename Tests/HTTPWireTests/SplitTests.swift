import HTTPWire
import TestSupport
import Testing

/// A request has the same result however the network splits it.
@Suite struct SplitTests {
    @Test(arguments: Corpus.requests)
    func `a request that is split at any byte gives the same result`(request: String) {
        let bytes = Array(request.utf8)
        let whole = Summary(bytes)
        for cut in 0...bytes.count {
            #expect(Summary(bytes, cuts: [cut]) == whole, "cut at \(cut)")
        }
        #expect(Summary(bytes, cuts: Array(1..<max(bytes.count, 1))) == whole, "byte by byte")
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `mutated requests give the same result however they are split`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("\r\n\r\n\0\t :;,/.%?#@[]_-09afAFxGT\u{7f}chunked".utf8) + [0x80, 0xFF]
        var limits = HTTPLimits()
        limits.requestLine = 100
        limits.head = 300
        limits.fields = 8
        limits.chunkLine = 12
        limits.trailers = 30
        for _ in 0..<4_000 {
            var bytes = Array(Corpus.requests.randomElement(using: &generator)!.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = alphabet.randomElement(using: &generator)!
                case 1: bytes.insert(alphabet.randomElement(using: &generator)!, at: index)
                case 2: bytes.remove(at: index)
                default:
                    let end = Int.random(in: index..<bytes.count, using: &generator)
                    bytes.insert(contentsOf: Array(bytes[index...end]), at: index)
                }
            }
            let cuts = (0..<Int.random(in: 1...6, using: &generator))
                .map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
            let whole = Summary(bytes, limits: limits)
            #expect(Summary(bytes, cuts: cuts, limits: limits) == whole, "\(bytes) cut at \(cuts)")
        }
    }
}
