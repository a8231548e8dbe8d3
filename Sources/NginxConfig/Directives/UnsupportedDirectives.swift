/// Directives that nginx knows and this configuration does not have: refused by name, so that nobody takes them
/// for a typing error.
enum UnsupportedDirectives {
    static let names: Set<String> = Set(
        """
        absolute_redirect add_after_body add_before_body add_trailer
        aio alias auth_basic auth_basic_user_file auth_request auth_request_set autoindex break charset
        charset_types chunked_transfer_encoding client_body_in_file_only
        client_body_in_single_buffer dav_access
        dav_methods debug_connection debug_points directio disable_symlinks early_hints
        empty_gif env etag expires fastcgi_bind
        fastcgi_cache fastcgi_cache_bypass fastcgi_cache_key fastcgi_cache_lock
        fastcgi_cache_methods fastcgi_cache_min_uses fastcgi_cache_path fastcgi_cache_use_stale fastcgi_cache_valid
        fastcgi_catch_stderr fastcgi_force_ranges
        fastcgi_ignore_headers fastcgi_index fastcgi_limit_rate
        fastcgi_no_cache
        fastcgi_pass_request_body fastcgi_pass_request_headers fastcgi_request_buffering
        fastcgi_send_lowat fastcgi_socket_keepalive fastcgi_split_path_info fastcgi_store
        flv geo geoip_country grpc_pass grpc_set_header gunzip gzip
        gzip_buffers gzip_comp_level gzip_disable gzip_http_version gzip_min_length gzip_proxied gzip_static
        gzip_types gzip_vary hash http2 http2_max_concurrent_streams http3 if_modified_since
        image_filter index ip_hash keepalive_disable keepalive_min_timeout
        least_time
        limit_except limit_rate limit_rate_after
        limit_zone lingering_close lingering_time lingering_timeout load_module lock_file log_not_found
        log_subrequest mail master_process max_headers max_ranges
        memcached_pass min_delete_depth mirror mp4 msie_padding msie_refresh
        open_file_cache open_file_cache_errors open_log_file_cache output_buffers override_charset perl
        port_in_redirect postpone_output proxy_buffer_size proxy_buffering proxy_buffers proxy_cache
        proxy_connect_timeout proxy_hide_header proxy_http_version proxy_next_upstream proxy_pass proxy_read_timeout
        proxy_redirect proxy_request_buffering proxy_send_timeout proxy_set_header random
        random_index read_ahead recursive_error_pages referer_hash_bucket_size
        reset_timedout_connection resolver resolver_timeout rewrite rewrite_log root
        scgi_pass secure_link send_lowat sendfile_max_chunk server_name_in_redirect
        set slice slow_start
        source_charset split_clients ssi ssl ssl_certificate ssl_certificate_key ssl_ciphers ssl_protocols
        ssl_session_cache sticky stream stub_status sub_filter thread_pool timer_resolution
        try_files uninitialized_variable_warn
        userid uwsgi_pass valid_referers
        worker_aio_requests worker_cpu_affinity worker_priority worker_rlimit_core
        working_directory xslt_stylesheet
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
