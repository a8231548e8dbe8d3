internal import Balancing

/// What `limit_req` and `limit_conn` decided. A request is counted once, even if it is redirected to another location.
struct LimitDecisions {
    /// `$limit_req_status`; empty if no limit applied.
    var requestStatus: StaticString = ""
    /// `$limit_conn_status`; empty if no limit applied.
    var connectionStatus: StaticString = ""
    /// The zones and keys under which `limit_conn` counts this request until its end.
    private var zones: [(zone: ConnectionZone, key: [UInt8])] = []

    mutating func enter(_ zone: ConnectionZone, _ key: [UInt8], limit: Int) -> Bool {
        guard zone.enter(key, limit: limit) else { return false }
        zones.append((zone, key))
        return true
    }

    mutating func leaveZones() {
        if zones.isEmpty { return }
        for place in zones { place.zone.leave(place.key) }
        zones.removeAll(keepingCapacity: true)
    }

    var hasDecidedRequest: Bool { requestStatus.utf8CodeUnitCount > 0 }
    var hasDecidedConnection: Bool { connectionStatus.utf8CodeUnitCount > 0 }
}
