/// nginx's directives that the balancer does not support. Their error message says "not supported" instead of
/// "unknown", so that nobody looks for a typing error.
enum UnsupportedDirectives {
    static let names: Set<String> = Set(
        """
        absolute_redirect add_after_body add_before_body add_trailer aio auth_basic auth_basic_user_file
        auth_request auth_request_set autoindex break charset charset_types chunked_transfer_encoding
        client_body_in_file_only dav_access dav_methods debug_connection debug_points directio disable_symlinks
        early_hints empty_gif env expires fastcgi_bind fastcgi_cache fastcgi_cache_bypass fastcgi_cache_key
        fastcgi_cache_lock fastcgi_cache_methods fastcgi_cache_min_uses fastcgi_cache_path
        fastcgi_cache_use_stale fastcgi_cache_valid fastcgi_force_ranges fastcgi_limit_rate fastcgi_no_cache
        fastcgi_send_lowat fastcgi_socket_keepalive fastcgi_store flv geo geoip_country grpc_pass
        grpc_set_header gunzip gzip_static http2 http2_max_concurrent_streams http3 image_filter
        keepalive_min_timeout limit_except limit_zone load_module lock_file log_subrequest mail master_process
        max_ranges memcached_pass min_delete_depth mirror mp4 msie_padding msie_refresh output_buffers
        override_charset perl port_in_redirect postpone_output proxy_buffer_size proxy_buffering proxy_buffers
        proxy_cache proxy_connect_timeout proxy_hide_header proxy_http_version proxy_next_upstream proxy_pass
        proxy_read_timeout proxy_redirect proxy_request_buffering proxy_send_timeout proxy_set_header
        random_index read_ahead recursive_error_pages referer_hash_bucket_size
        rewrite rewrite_log scgi_pass secure_link send_lowat sendfile_max_chunk server_name_in_redirect set
        slice source_charset split_clients ssi ssl ssl_certificate ssl_certificate_key ssl_ciphers
        ssl_protocols ssl_session_cache sticky stream sub_filter thread_pool timer_resolution
        uninitialized_variable_warn userid uwsgi_pass valid_referers worker_aio_requests worker_cpu_affinity
        worker_priority worker_rlimit_core working_directory xslt_stylesheet
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
