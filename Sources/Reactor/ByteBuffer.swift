internal import Glibc

/// Bytes between a socket and a parser or an encoder: appended at the back, consumed at the front, reused.
package final class ByteBuffer {
    private var base: UnsafeMutableRawPointer
    package private(set) var capacity: Int
    private var head = 0
    private var tail = 0

    package init(capacity: Int) {
        base = .allocate(byteCount: max(capacity, 64), alignment: 16)
        self.capacity = max(capacity, 64)
    }

    deinit { base.deallocate() }

    package var count: Int { tail - head }
    package var isEmpty: Bool { head == tail }

    /// The bytes that are in it, valid until the next change. `unsafeBytes.bytes` and `octets.span` are bounds-checked
    /// views of them; keep them no longer than the call they are made for.
    package var unsafeBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base + head, count: tail - head) }

    /// As ``unsafeBytes``, typed.
    package var octets: UnsafeBufferPointer<UInt8> { unsafeBytes.assumingMemoryBound(to: UInt8.self) }

    /// Drops `count` bytes from the front.
    package func consume(_ count: Int) {
        precondition(count <= tail - head)
        head += count
        if head == tail { (head, tail) = (0, 0) }
    }

    package func removeAll() { (head, tail) = (0, 0) }

    /// Drops what was appended after the first `count` bytes.
    package func truncate(to count: Int) {
        precondition(count <= tail - head)
        tail = head + count
    }

    /// Makes room for `count` more bytes behind those that are there, moving or growing as needed.
    package func reserve(_ count: Int) {
        if capacity - tail >= count { return }
        let used = tail - head
        if capacity - used >= count {
            memmove(base, base + head, used)
        } else {
            let larger = max(capacity * 2, used + count)
            let copy = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
            memcpy(copy, base + head, used)
            base.deallocate()
            base = copy
            capacity = larger
        }
        (head, tail) = (0, used)
    }

    /// Lets `body` write at the back, at most `count` bytes; it returns how many it wrote.
    @discardableResult
    package func appending(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        reserve(count)
        let written = body(UnsafeMutableRawBufferPointer(start: base + tail, count: count))
        precondition(written <= count)
        tail += written
        return written
    }

    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        reserve(bytes.count)
        memcpy(base + tail, bytes.baseAddress!, bytes.count)
        tail += bytes.count
    }

    package func append(_ bytes: RawSpan) { bytes.withUnsafeBytes { append($0) } }

    package func append(_ bytes: Span<UInt8>) { bytes.withUnsafeBytes { append($0) } }

    package func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    package func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    package func append(_ byte: UInt8) {
        reserve(1)
        base.storeBytes(of: byte, toByteOffset: tail, as: UInt8.self)
        tail += 1
    }

    /// Appends the number in decimal digits.
    package func append(decimal number: some BinaryInteger) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        var rest = UInt64(number.magnitude)
        withUnsafeMutableBytes(of: &digits) { digits in
            var position = digits.count
            repeat {
                position -= 1
                digits[position] = UInt8(48 + rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 {
                position -= 1
                digits[position] = 45
            }
            append(UnsafeRawBufferPointer(rebasing: digits[position...]))
        }
    }

    /// Overwrites bytes that are in it, `offset` bytes from the front.
    package func overwrite(at offset: Int, with bytes: UnsafeRawBufferPointer) {
        precondition(offset >= 0 && offset + bytes.count <= tail - head)
        guard bytes.count > 0 else { return }
        memcpy(base + head + offset, bytes.baseAddress!, bytes.count)
    }
}
