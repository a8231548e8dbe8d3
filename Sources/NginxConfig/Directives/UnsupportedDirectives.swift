/// Directives that nginx knows and this configuration does not have: refused by name, so that nobody takes them
/// for a typing error.
enum UnsupportedDirectives {
    static let names: Set<String> = Set(
        """
        absolute_redirect accept_mutex accept_mutex_delay add_after_body add_before_body add_trailer
        aio alias auth_basic auth_basic_user_file auth_request auth_request_set autoindex break charset
        charset_types chunked_transfer_encoding client_body_buffer_size client_body_in_file_only
        client_body_in_single_buffer client_body_temp_path connection_pool_size dav_access
        dav_methods debug_connection debug_points directio disable_symlinks early_hints
        empty_gif env etag expires fastcgi_bind fastcgi_buffer_size fastcgi_buffering fastcgi_buffers
        fastcgi_busy_buffers_size fastcgi_cache fastcgi_cache_bypass fastcgi_cache_key fastcgi_cache_lock
        fastcgi_cache_methods fastcgi_cache_min_uses fastcgi_cache_path fastcgi_cache_use_stale fastcgi_cache_valid
        fastcgi_catch_stderr fastcgi_force_ranges
        fastcgi_ignore_headers fastcgi_index fastcgi_limit_rate fastcgi_max_temp_file_size
        fastcgi_no_cache
        fastcgi_pass_request_body fastcgi_pass_request_headers fastcgi_request_buffering
        fastcgi_send_lowat fastcgi_socket_keepalive fastcgi_split_path_info fastcgi_store
        fastcgi_temp_file_write_size fastcgi_temp_path flv geo geoip_country grpc_pass grpc_set_header gunzip gzip
        gzip_buffers gzip_comp_level gzip_disable gzip_http_version gzip_min_length gzip_proxied gzip_static
        gzip_types gzip_vary hash http2 http2_max_concurrent_streams http3 if_modified_since
        image_filter index ip_hash keepalive_disable keepalive_min_timeout
        least_time
        limit_except limit_rate limit_rate_after
        limit_zone lingering_close lingering_time lingering_timeout load_module lock_file log_not_found
        log_subrequest mail map_hash_bucket_size map_hash_max_size master_process max_headers max_ranges
        memcached_pass min_delete_depth mirror mp4 msie_padding msie_refresh multi_accept
        open_file_cache open_file_cache_errors open_log_file_cache output_buffers override_charset pcre_jit perl
        port_in_redirect postpone_output proxy_buffer_size proxy_buffering proxy_buffers proxy_cache
        proxy_connect_timeout proxy_hide_header proxy_http_version proxy_next_upstream proxy_pass proxy_read_timeout
        proxy_redirect proxy_request_buffering proxy_send_timeout proxy_set_header proxy_temp_path random
        random_index read_ahead recursive_error_pages referer_hash_bucket_size
        request_pool_size reset_timedout_connection resolver resolver_timeout rewrite rewrite_log root
        scgi_pass scgi_temp_path secure_link send_lowat sendfile sendfile_max_chunk server_name_in_redirect
        server_names_hash_bucket_size server_names_hash_max_size server_tokens set slice slow_start
        source_charset split_clients ssi ssl ssl_certificate ssl_certificate_key ssl_ciphers ssl_protocols
        ssl_session_cache sticky stream stub_status sub_filter tcp_nodelay tcp_nopush thread_pool timer_resolution
        try_files types_hash_bucket_size types_hash_max_size uninitialized_variable_warn
        use userid uwsgi_pass uwsgi_temp_path valid_referers variables_hash_bucket_size variables_hash_max_size
        worker_aio_requests worker_cpu_affinity worker_priority worker_rlimit_core
        working_directory xslt_stylesheet zone
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
