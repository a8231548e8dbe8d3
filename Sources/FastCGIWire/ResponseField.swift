internal import Bytes

/// One header line of a response, as offsets into ``CGIResponseHead/bytes``.
package struct ResponseField: Sendable, Hashable {
    package let name: Range<Int>
    /// The value without the blanks around it. It may be empty.
    package let value: Range<Int>
    package let known: KnownResponseField

    package init(name: Range<Int>, value: Range<Int>, known: KnownResponseField) {
        self.name = name
        self.value = value
        self.known = known
    }
}

/// The response headers that the web server itself looks for.
package enum KnownResponseField: UInt8, Sendable, Hashable, CaseIterable {
    case other
    case contentLength, contentType, date, location, retryAfter, server, status, transferEncoding, xRequestID
    /// A header for one connection only, which is not passed on (RFC 9110, 7.6.1; RFC 3875, 6.3.4).
    case hopByHop
    /// `X-Accel-…`: an instruction for the web server.
    case accel

    /// - Parameter tail: the last 16 bytes of the name in lower case, as one number
    init(_ bytes: Span<UInt8>, _ name: Range<Int>, tail: UInt128) {
        self =
            switch (name.count, tail) {
            case (2, 0x7465): .hopByHop  // te
            case (4, 0x6461_7465): .date  // date
            case (6, 0x7374_6174_7573): .status  // status
            case (6, 0x7365_7276_6572): .server  // server
            case (7, 0x74_7261_696C_6572): .hopByHop  // trailer
            case (7, 0x75_7067_7261_6465): .hopByHop  // upgrade
            case (8, 0x6C6F_6361_7469_6F6E): .location  // location
            case (10, 0x636F_6E6E_6563_7469_6F6E): .hopByHop  // connection
            case (10, 0x6B65_6570_2D61_6C69_7665): .hopByHop  // keep-alive
            case (11, 0x72_6574_7279_2D61_6674_6572): .retryAfter  // retry-after
            case (12, 0x636F_6E74_656E_742D_7479_7065): .contentType  // content-type
            case (12, 0x782D_7265_7175_6573_742D_6964): .xRequestID  // x-request-id
            case (14, 0x636F_6E74_656E_742D_6C65_6E67_7468): .contentLength  // content-length
            case (16, 0x7072_6F78_792D_636F_6E6E_6563_7469_6F6E): .hopByHop  // proxy-connection
            case (17, 0x7261_6E73_6665_722D_656E_636F_6469_6E67)
            where bytes[name.lowerBound].lowercased == UInt8(ascii: "t"):
                .transferEncoding  // transfer-encoding
            default: Self.isAccel(bytes, name) ? .accel : .other
            }
    }

    private static func isAccel(_ bytes: Span<UInt8>, _ name: Range<Int>) -> Bool {
        guard name.count > 8, bytes[name.lowerBound + 1] == ASCII.hyphen else { return false }
        var word: UInt64 = 0
        for index in name.prefix(8) { word = word << 8 | UInt64(bytes[index].lowercased) }
        return word == 0x782D_6163_6365_6C2D  // x-accel-
    }
}
