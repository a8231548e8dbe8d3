internal import Reactor

/// The same configuration for each program: keep-alive on both sides, no access log, buffers of 32 KiB, and a rate
/// limit for each client address. The rate is so high that no client reaches it.
struct ProxyConfiguration {
    let port: UInt16
    let responder: SocketAddress
    let workers: Int
    let folder: String

    /// The file for nginx and for Millrace.
    var nginx: String {
        """
        daemon off;
        worker_processes \(workers);
        worker_rlimit_nofile 20000;
        pid \(folder)/pid;
        error_log stderr warn;
        events {
            worker_connections 16384;
        }
        http {
            access_log off;
            limit_req_zone $binary_remote_addr zone=clients:10m rate=1000000r/s;
            keepalive_timeout 300s;
            keepalive_requests 1000000000;
            fastcgi_buffer_size 32k;
            fastcgi_buffers 8 32k;
            fastcgi_max_temp_file_size 0;
            upstream nodes {
                server \(responder);
                keepalive 64;
            }
            server {
                listen 127.0.0.1:\(port) backlog=4096;
                location / {
                    limit_req zone=clients burst=100000 nodelay;
                    fastcgi_pass nodes;
                    fastcgi_keep_conn on;
                    fastcgi_param REQUEST_METHOD    $request_method;
                    fastcgi_param REQUEST_URI       $request_uri;
                    fastcgi_param QUERY_STRING      $query_string;
                    fastcgi_param SCRIPT_NAME       $fastcgi_script_name;
                    fastcgi_param CONTENT_TYPE      $content_type;
                    fastcgi_param CONTENT_LENGTH    $content_length;
                    fastcgi_param REQUEST_SCHEME    $scheme;
                    fastcgi_param HTTPS             $https if_not_empty;
                    fastcgi_param SERVER_PROTOCOL   $server_protocol;
                    fastcgi_param SERVER_NAME       $server_name;
                    fastcgi_param SERVER_ADDR       $server_addr;
                    fastcgi_param SERVER_PORT       $server_port;
                    fastcgi_param SERVER_SOFTWARE   bench;
                    fastcgi_param GATEWAY_INTERFACE CGI/1.1;
                    fastcgi_param REMOTE_ADDR       $remote_addr;
                    fastcgi_param REMOTE_PORT       $remote_port;
                }
            }
        }

        """
    }

    /// The file for HAProxy. HAProxy sets most of the FastCGI params itself.
    var haproxy: String {
        """
        global
            nbthread \(workers)
            maxconn 16384
            no strict-limits
            tune.bufsize 32768
        defaults
            mode http
            option http-keep-alive
            http-reuse always
            timeout connect 5s
            timeout client 300s
            timeout server 60s
            timeout http-keep-alive 300s
        fcgi-app responder
            docroot /
            option keep-conn
        backend limits
            stick-table type ip size 100k expire 60s store http_req_rate(60s)
        frontend clients
            bind 127.0.0.1:\(port) backlog 4096
            http-request track-sc0 src table limits
            http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1000000000 }
            default_backend nodes
        backend nodes
            use-fcgi-app responder
            server node \(responder.description.replacingPrefix("unix:", with: "unix@")) proto fcgi

        """
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, with other: String) -> String {
        hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
    }
}
