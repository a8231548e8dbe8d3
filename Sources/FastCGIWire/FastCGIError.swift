/// Why a response was refused. Its connection cannot be used afterwards.
///
/// The client gets a 502 for each of these errors. The descriptions contain none of the responder's bytes.
package enum FastCGIError: Error, Sendable, Hashable, CaseIterable {
    // The record layer
    case unknownVersion
    case unknownRecordType
    case unexpectedRecord
    case wrongRequestID
    case malformedEndRequest
    case unknownProtocolStatus
    case bytesAfterEnd
    case closedEarly

    // The response in the STDOUT stream
    case endedWithinHead
    case headTooLarge
    case tooManyFields
    case malformedField
    case controlByte
    case foldedField
    case malformedStatus
    case duplicateStatus
    case malformedContentLength
    case duplicateContentLength
    case transferEncoding
    case bodyTooShort
}

extension FastCGIError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownVersion: "the FastCGI server sent a record of an unknown version"
        case .unknownRecordType: "the FastCGI server sent a record of an unknown type"
        case .unexpectedRecord: "the FastCGI server sent a record of a type that is not allowed in a response"
        case .wrongRequestID: "the FastCGI server sent a record for another request"
        case .malformedEndRequest: "the FastCGI server sent a malformed END_REQUEST record"
        case .unknownProtocolStatus: "the FastCGI server ended the request with an unknown protocol status"
        case .bytesAfterEnd: "the FastCGI server sent bytes after the end of the request"
        case .closedEarly: "the FastCGI server closed the connection before the end of the request"
        case .endedWithinHead: "the response ended inside its header"
        case .headTooLarge: "the response's header is too large"
        case .tooManyFields: "the response has too many header lines"
        case .malformedField: "the response has a malformed header line"
        case .controlByte: "the response's header has a control byte"
        case .foldedField: "a header line of the response begins with a space or tab"
        case .malformedStatus: "the response's Status is malformed"
        case .duplicateStatus: "the response has more than one Status"
        case .malformedContentLength: "the response's Content-Length is not a number"
        case .duplicateContentLength: "the response has more than one Content-Length"
        case .transferEncoding: "the response has a Transfer-Encoding"
        case .bodyTooShort: "the response's body is shorter than its Content-Length"
        }
    }
}
