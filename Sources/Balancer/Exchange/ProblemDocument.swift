internal import HTTPWire
internal import JSON

/// `application/problem+json` (RFC 9457). The title is the name of the status, so the type is `about:blank` (4.2.1).
enum ProblemDocument {
    static let mediaType = "application/problem+json"

    static func bytes(_ status: Int, _ detail: String, requestID: [UInt8]) -> [UInt8] {
        JSONWriter.object { document in
            document.member("type", "about:blank")
            document.member("title", HTTPStatus.reason(status))
            document.member("status", status)
            document.member("detail", detail)
            document.member("request_id", String(decoding: requestID, as: UTF8.self))
        }.bytes
    }
}
