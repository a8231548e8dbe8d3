internal import Glibc

/// Ids for requests: 32 hexadecimal digits, as nginx's `$request_id`. One maker for each loop.
///
/// They are secret: nodes derive the ids of tasks from them, and who knows a task's id may read its result. So they come
/// from the system's generator, many at a time.
struct RequestIdentity {
    private static let size = 16
    private var supply = [UInt8](repeating: 0, count: 256)
    private var unused = 0

    mutating func append(to bytes: inout [UInt8]) {
        if unused == 0 { refill() }
        unused -= Self.size
        bytes.append(addingCapacity: 2 * Self.size) { output in
            for index in unused..<unused + Self.size {
                output.append(Self.digit(supply[index] >> 4))
                output.append(Self.digit(supply[index] & 15))
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    /// One system call for 16 requests, of as many bytes as it gives at once (getentropy(3)).
    private mutating func refill() {
        precondition(getentropy(&supply, supply.count) == 0, "the system has no random bytes")
        unused = supply.count
    }

    /// 1 to 128 bytes of `[A-Za-z0-9._-]`: an id of the client's that is safe to repeat anywhere.
    static func isSane(_ id: Span<UInt8>) -> Bool {
        guard (1...128).contains(id.count) else { return false }
        for index in id.indices {
            switch id[index] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: continue
            default: return false
            }
        }
        return true
    }
}
