/// The rate of a `limit_req_zone`, exact: `100r/m` stays 100 in a minute.
package struct RequestRate: Sendable, Hashable {
    /// Billionths of a request in each period. nginx takes whole requests only; decimals are ours.
    package let billionths: UInt64
    /// 1 for `r/s`, 60 for `r/m`.
    package let periodSeconds: UInt64

    package var perSecond: Double { Double(billionths) / 1e9 / Double(periodSeconds) }
}

/// `limit_req_zone`.
package struct LimitZone: Sendable, Hashable {
    package let name: String
    package let key: Template
    package let rate: RequestRate
    /// Bytes of memory for its entries, at least 32 KiB.
    package let size: Int
}

/// `limit_conn_zone`.
package struct ConnectionLimitZone: Sendable, Hashable {
    package let name: String
    package let key: Template
    /// Bytes of memory for its entries, at least 32 KiB.
    package let size: Int
}

/// `limit_conn`.
package struct ConnectionLimitRule: Sendable, Hashable {
    /// Index into `HTTPConfiguration.connectionZones`.
    package let zone: Int
    /// Requests of one key that may be under way, 1…65535.
    package let limit: Int
}

/// `limit_req`.
package struct LimitRule: Sendable, Hashable {
    /// Index into `HTTPConfiguration.limitZones`.
    package let zone: Int
    /// Requests that may exceed the rate before one is rejected.
    package let burst: Int
    /// Excessive requests beyond this many are delayed; nil (`nodelay`) delays none.
    package let delayAfter: Int?
}
