/// One address of a `server` in an `upstream` block, with nginx's defaults.
package struct PeerSpecification: Sendable, Hashable {
    /// The address as logs and statistics show it: `10.0.0.7:9000`, `unix:/run/api.sock`.
    package var address: String
    /// The name in the configuration, which may resolve to several addresses. The consistent hash uses this name.
    package var server: String
    /// The peer's share of the requests, relative to the other peers. At least 1.
    package var weight: Int
    /// After this many failures within `failTimeout`, the peer is unusable for `failTimeout`; 0: never.
    package var maxFails: Int
    package var failTimeout: Milliseconds
    /// How long the weight of a recovered peer grows from 0 to its full value; 0: full weight at once.
    package var slowStart: Milliseconds
    /// The maximum number of connections to the peer, busy and idle, of all loops together; 0: no limit.
    package var maxConns: Int
    /// Whether the peer is used only while no primary peer is usable.
    package var isBackup: Bool
    /// Whether the configuration marks the peer as down, so that it is never used.
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
