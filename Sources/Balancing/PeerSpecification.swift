/// One address of a `server` line of an `upstream` block, with nginx's defaults.
package struct PeerSpecification: Sendable, Hashable {
    /// What the balancer connects to, as it writes it in logs and statistics: `10.0.0.7:9000`, `unix:/run/api.sock`.
    package var address: String
    /// The configuration's name for it, which may stand for several addresses: what a consistent hash counts.
    package var server: String
    /// At least 1.
    package var weight: Int
    /// So many failures within `failTimeout` make the peer unusable for `failTimeout`. 0: failures are not counted.
    package var maxFails: Int
    package var failTimeout: Milliseconds
    /// So long its weight grows from nothing after it was out. 0: it has all of it at once.
    package var slowStart: Milliseconds
    /// The most connections, busy and idle ones of all loops together, that the peer can hold. 0: no limit.
    package var maxConns: Int
    /// Used only when no primary peer is usable.
    package var isBackup: Bool
    /// Never used.
    package var isDown: Bool

    package init(
        address: String, server: String? = nil, weight: Int = 1, maxFails: Int = 1, failTimeout: Milliseconds = 10_000,
        slowStart: Milliseconds = 0, maxConns: Int = 0, isBackup: Bool = false, isDown: Bool = false
    ) {
        self.address = address
        self.server = server ?? address
        self.weight = max(1, weight)
        self.maxFails = maxFails
        self.failTimeout = failTimeout
        self.slowStart = slowStart
        self.maxConns = maxConns
        self.isBackup = isBackup
        self.isDown = isDown
    }
}
