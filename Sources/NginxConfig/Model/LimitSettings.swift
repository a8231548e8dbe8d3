/// The `limit_req` or `limit_conn` rules of a location, and how the location treats a request beyond a limit.
package struct LimitSettings<Rule: Sendable & Hashable>: Sendable, Hashable {
    package internal(set) var rules: [Rule] = []
    /// The status of a refusal, 400…599 (`limit_req_status`, `limit_conn_status`).
    package internal(set) var status = 503
    /// `limit_req_log_level`, `limit_conn_log_level`
    package internal(set) var logLevel = ErrorLog.Level.error
    /// `limit_req_dry_run`, `limit_conn_dry_run`: refusals and delays are only logged.
    package internal(set) var isDryRun = false
}

/// `limit_req`
package struct LimitRule: Sendable, Hashable {
    /// Index into `HTTPConfiguration.limitZones`.
    package let zone: Int
    /// How many requests may exceed the rate before one is refused.
    package let burst: Int
    /// `delay=`: how many requests beyond the rate are not delayed; nil if no request is delayed (`nodelay`).
    package let delayAfter: Int?
}

/// `limit_conn`
package struct ConnectionLimitRule: Sendable, Hashable {
    /// Index into `HTTPConfiguration.connectionZones`.
    package let zone: Int
    /// The maximum number of active requests of one key, 1…65535.
    package let limit: Int
}

/// `limit_req_zone`
package struct LimitZone: Sendable, Hashable {
    package let name: String
    package let key: Template
    package let rate: LimitRate
    /// Bytes of memory for its entries, at least 32 KiB.
    package let size: Int
}

/// The `rate=` of a `limit_req_zone`, exact: `100r/m` stays 100 per minute.
package struct LimitRate: Sendable, Hashable {
    /// Billionths of a request per period. Decimal rates are an extension: nginx takes whole numbers only.
    package let billionths: UInt64
    /// 1 for `r/s`, 60 for `r/m`.
    package let periodSeconds: UInt64
}

/// `limit_conn_zone`
package struct ConnectionLimitZone: Sendable, Hashable {
    package let name: String
    package let key: Template
    /// Bytes of memory for its entries, at least 32 KiB.
    package let size: Int
}
