/// The eight bytes in front of a record's content (FastCGI 1.0, section 3.3).
package struct RecordHeader: Sendable, Hashable {
    /// The length of an encoded header in bytes.
    package static let size = 8
    /// The maximum content of one record, in bytes.
    package static let maxContent = 65_535

    /// The type byte as received. It may have a value that ``RecordType`` does not have.
    package var type: UInt8
    /// 0 for a management record.
    package var requestID: UInt16
    package var contentLength: UInt16
    package var paddingLength: UInt8

    package init(_ type: RecordType, requestID: UInt16, contentLength: Int, paddingLength: UInt8 = 0) {
        self.type = type.rawValue
        self.requestID = requestID
        self.contentLength = UInt16(contentLength)
        self.paddingLength = paddingLength
    }

    /// Reads the header that begins at `start`.
    /// - Precondition: at least ``size`` bytes follow `start`.
    package init(_ bytes: Span<UInt8>, at start: Int) throws(FastCGIError) {
        guard bytes[start] == 1 else { throw .unknownVersion }
        type = bytes[start + 1]
        requestID = UInt16(bytes[start + 2]) << 8 | UInt16(bytes[start + 3])
        contentLength = UInt16(bytes[start + 4]) << 8 | UInt16(bytes[start + 5])
        paddingLength = bytes[start + 6]
    }

    package func append(to out: inout [UInt8]) {
        out.append(addingCapacity: Self.size) { out in
            out.append(1)
            out.append(type)
            out.append(UInt8(requestID >> 8))
            out.append(UInt8(truncatingIfNeeded: requestID))
            out.append(UInt8(contentLength >> 8))
            out.append(UInt8(truncatingIfNeeded: contentLength))
            out.append(paddingLength)
            out.append(0)
        }
    }
}
