/// How request and response bodies are buffered between a client and a peer of different speed.
package struct BufferingSettings: Sendable, Hashable {
    /// `fastcgi_request_buffering`: the request goes to a peer only after its whole body has arrived.
    package internal(set) var buffersRequests = true
    /// `fastcgi_buffering`: the balancer reads the response as fast as the peer sends it, so that a slow client does
    /// not keep the peer busy.
    package internal(set) var buffersResponses = true
    /// `fastcgi_max_temp_file_size`: the maximum size of a response's temporary file, in bytes; 0: no file.
    package internal(set) var maxTempFileSize = 1 << 30
    /// `client_body_temp_path`; nil: the system's folder for temporary files.
    package internal(set) var requestFolder: String?
    /// `fastcgi_temp_path`; nil: the system's folder for temporary files.
    package internal(set) var responseFolder: String?
}
