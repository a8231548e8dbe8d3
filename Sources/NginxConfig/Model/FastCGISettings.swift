/// The settings that only a FastCGI upstream has (ngx_http_fastcgi_module). ``UpstreamModuleSettings`` has the rest.
package struct FastCGISettings: Sendable, Hashable {
    /// `fastcgi_param`, in the order of the file. A name that occurs twice is sent twice, as in nginx.
    package internal(set) var params: [FastCGIParam] = []
    /// `fastcgi_keep_conn`
    package internal(set) var keepsConnection = false
    /// `fastcgi_index`: the file name that `$fastcgi_script_name` appends to a path that ends in `/`.
    package internal(set) var index: Template?
    /// `fastcgi_split_path_info`: index into `HTTPConfiguration.patterns`.
    package internal(set) var splitPathInfo: Int?
    /// `fastcgi_catch_stderr`: if the peer's stderr contains one of these texts, its response counts as invalid.
    package internal(set) var caughtStderr: [[UInt8]] = []
}

/// `fastcgi_param`
package struct FastCGIParam: Sendable, Hashable {
    package let name: String
    package let value: Template
    /// `if_not_empty`: an empty value is not sent.
    package let ifNotEmpty: Bool
}
