/// Why a message was refused. The connection cannot be used afterwards, because the start of the next message is
/// unknown or cannot be trusted.
///
/// The descriptions are safe to show to the client: they contain none of its bytes.
package enum HTTPError: Error, Sendable, Hashable, CaseIterable {
    case malformedRequestLine
    case malformedTarget
    case pathAboveRoot
    case unsupportedVersion
    case methodTooLong
    case methodRefused
    case requestLineTooLong

    case bareCarriageReturn
    case bareLineFeed
    case controlByte
    case foldedField
    case malformedField
    case headTooLarge
    case tooManyFields

    case missingHost
    case duplicateHost
    case malformedHost
    case duplicateAuthorization
    case malformedContentLength
    case duplicateContentLength
    case contentLengthWithTransferEncoding
    case transferEncodingInHTTP10
    case unsupportedTransferEncoding
    case unsupportedExpectation

    case malformedChunk
    case chunkOverheadTooLarge
    case trailersTooLarge
    case bodyTooLarge
    case truncated

    case malformedStatusLine

    /// The status of the response to a request that was refused for this reason.
    package var status: Int {
        switch self {
        case .methodRefused: 405
        case .bodyTooLarge: 413
        case .requestLineTooLong: 414
        case .unsupportedExpectation: 417
        case .headTooLarge, .tooManyFields, .trailersTooLarge: 431
        case .methodTooLong, .unsupportedTransferEncoding: 501
        case .malformedStatusLine: 502
        case .unsupportedVersion: 505
        default: 400
        }
    }
}

extension HTTPError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedRequestLine: "the request line is malformed"
        case .malformedTarget: "the request target is malformed"
        case .pathAboveRoot: "the path leads above the root"
        case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are supported"
        case .methodTooLong: "the method is unknown"
        case .methodRefused: "this method is not allowed"
        case .requestLineTooLong: "the request line is too long"
        case .bareCarriageReturn: "the head has a CR without an LF"
        case .bareLineFeed: "the head has an LF without a CR"
        case .controlByte: "the head has a control byte"
        case .foldedField: "a header line begins with a space or tab"
        case .malformedField: "a header line is malformed"
        case .headTooLarge: "the head is too large"
        case .tooManyFields: "there are too many header lines"
        case .missingHost: "the Host header is missing"
        case .duplicateHost: "there is more than one Host header"
        case .duplicateAuthorization: "there is more than one Authorization header"
        case .malformedHost: "the Host header is malformed"
        case .malformedContentLength: "Content-Length is not a number"
        case .duplicateContentLength: "there is more than one Content-Length header"
        case .contentLengthWithTransferEncoding: "Content-Length and Transfer-Encoding cannot be used together"
        case .transferEncodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding"
        case .unsupportedTransferEncoding: "the only supported Transfer-Encoding is chunked"
        case .unsupportedExpectation: "the only supported expectation is 100-continue"
        case .malformedChunk: "the chunked body is malformed"
        case .chunkOverheadTooLarge: "the chunked body has too much framing for its data"
        case .trailersTooLarge: "the trailers are too large"
        case .bodyTooLarge: "the body is too large"
        case .truncated: "the message ended before it was complete"
        case .malformedStatusLine: "the status line is malformed"
        }
    }
}
