import TestSupport
import Testing

@testable import FastCGIWire

@Suite struct RequestFilterTests {
    private let begin = record(1, [0, 1, 1, 0, 0, 0, 0, 0])
    private let params = record(4, [1, 1, 0x41, 0x42], padding: 4) + record(4)
    private let management = record(9, [UInt8](repeating: 3, count: 300), padding: 7, id: 0) + record(77, id: 0)

    private var request: [UInt8] { begin + params + record(5, [1, 2, 3]) + record(5, padding: 2) }
    private var mixedRequest: [UInt8] {
        management + begin + management + record(4, [1, 1, 0x41, 0x42], padding: 4) + management + record(4)
            + management + record(5, [1, 2, 3]) + management + record(5, padding: 2)
    }

    @Test func `management records are dropped everywhere`() throws {
        #expect(try filtered([mixedRequest]) == request)
    }

    @Test func `the pieces in which bytes arrive make no difference`() throws {
        for size in 1...40 {
            let pieces = stride(from: 0, to: mixedRequest.count, by: size).map { start in
                Array(mixedRequest[start..<min(start + size, mixedRequest.count)])
            }
            #expect(try filtered(pieces) == request)
        }
    }

    @Test func `a request begins with its header`() throws {
        var filter = RequestFilter()
        var taken = 0
        let bytes = management + record(2) + request
        var hasBegun = false
        while !hasBegun {
            let count = min(filter.wanted, 5)
            hasBegun = try filter.receive(Array(bytes[taken..<taken + count]).span)
            taken += count
            #expect(taken <= management.count + 16)
        }
        #expect(taken == management.count + 16)
        var room = [UInt8](repeating: 0, count: 100)
        var span = room.mutableSpan
        let held = filter.takeHeld(into: &span)
        #expect(Array(room[..<held]) == Array(request[..<8]))
    }

    @Test func `a record after the end of a request is reported, unless it is dropped`() throws {
        var filter = RequestFilter()
        var bytes = request
        #expect(try filter.filter(&bytes) == request.count)
        #expect(!filter.hasBytesAfterEnd)
        filter.beginRequest()
        bytes = request + management + [1]
        #expect(try filter.filter(&bytes) == request.count)
        #expect(!filter.hasBytesAfterEnd)
        filter = RequestFilter()
        bytes = request + begin
        #expect(try filter.filter(&bytes) == request.count)
        #expect(filter.hasBytesAfterEnd)
        filter = RequestFilter()
        bytes = request + record(0, version: 0)
        #expect(try filter.filter(&bytes) == request.count)
        #expect(filter.hasBytesAfterEnd)
    }

    @Test func `what no web server sends is refused`() {
        #expect(failure(record(9, id: 0, version: 2)) == .unknownVersion)
        #expect(failure(record(5, [1])) == .unexpectedRecord)
        #expect(failure(begin + record(4, [0xFF, 0xFF, 0xFF, 0xFF])) == .paramsTooLarge)
        #expect(failure(begin + record(4, [1, 0x80, 0x10, 0, 0])) == .paramsTooLarge)
        let largest = record(4, [UInt8](repeating: 0, count: 65_535))
        #expect(failure(begin + (0..<16).flatMap { _ in largest }) == nil)
        #expect(failure(begin + (0..<17).flatMap { _ in largest }) == .paramsTooLarge)
        let ignored = record(9, [UInt8](repeating: 0, count: 65_535), id: 0)
        #expect(failure((0..<15).flatMap { _ in ignored }) == nil)
        #expect(failure((0..<16).flatMap { _ in ignored }) == .tooManyIgnoredBytes)
    }

    @Test func `libfcgi never gets a management record, whatever arrives`() {
        var generator = SeededGenerator(seed: 14)
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let content = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                bytes += record(
                    [1, 2, 4, 5, 9, 12].randomElement(using: &generator)!, content,
                    padding: .random(in: 0...9, using: &generator), id: .random(in: 0...2, using: &generator))
            }
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            let whole = outcome([bytes])
            let pieces = outcome([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(pieces.failure == whole.failure)
            #expect(pieces.bytes.starts(with: whole.bytes))
            var rest = pieces.bytes[...]
            while rest.count >= 8 {
                let header = Array(rest.prefix(8))
                #expect(header[0] == 1 && (header[2], header[3]) != (0, 0))
                rest = rest.dropFirst(8 + Int(header[4]) << 8 + Int(header[5]) + Int(header[6]))
            }
        }
    }

    private func filtered(_ pieces: [[UInt8]]) throws -> [UInt8] {
        let outcome = outcome(pieces)
        if let failure = outcome.failure { throw failure }
        return outcome.bytes
    }

    private func failure(_ bytes: [UInt8]) -> RequestFilter.Failure? { outcome([bytes]).failure }

    /// What libfcgi gets of the pieces, up to the end of the request.
    private func outcome(_ pieces: [[UInt8]]) -> (bytes: [UInt8], failure: RequestFilter.Failure?) {
        var filter = RequestFilter()
        var bytes: [UInt8] = []
        for piece in pieces {
            var room = [UInt8](repeating: 0, count: 8)
            var span = room.mutableSpan
            let held = filter.takeHeld(into: &span)
            var received = Array(room[..<held]) + piece
            do throws(RequestFilter.Failure) {
                bytes += received[..<(try filter.filter(&received))]
            } catch {
                return (bytes, error)
            }
        }
        return (bytes, nil)
    }
}

extension RequestFilter {
    fileprivate mutating func filter(_ bytes: inout [UInt8]) throws(Failure) -> Int {
        var span = bytes.mutableSpan
        return try filter(&span)
    }
}
