internal import HTTPWire
internal import JSON

/// The calls that the balancer answers. Nodes only document them.
enum BalancerRoutes {
    static let all = [health, statistics, rateLimits, metrics, strategy, peers, setPeer]

    private static let health = Route(
        method: .get, path: "/lb/health", operation: "balancer_health",
        summary: "Reports that the balancer works, and how many nodes are available.",
        replies: [
            ReplyDescription(
                status: 200, summary: "The balancer works.",
                schema: Schemas.object([
                    "status": ["const": "healthy"], "service": ["const": "loadbalancer"],
                    "backends_up": Schemas.count,
                ]))
        ],
        access: .open,
        server: .balancer)

    private static let statistics = Route(
        method: .get, path: "/lb/stats", operation: "balancer_statistics",
        summary: "Request counters, and the state of each node.",
        replies: [
            ReplyDescription(
                status: 200, summary: "The counters since the start of the balancer.",
                schema: Schemas.object([
                    "strategy": strategyName, "uptime_seconds": ["type": "number"],
                    "requests_total": Schemas.count, "rate_limited_total": Schemas.count,
                    "active_ips": Schemas.count,
                    "rate_limit_config": Schemas.object([
                        "requests_per_window": Schemas.count, "window_seconds": ["type": "number"],
                    ]),
                    "backends": [
                        "type": "array",
                        "items": Schemas.object(
                            [
                                "address": ["type": "string"], "healthy": ["type": "boolean"],
                                "active": Schemas.count, "idle": Schemas.count,
                                "waiting": Schemas.count, "requests": Schemas.count,
                                "failures": Schemas.count, "weight": Schemas.count,
                                "max_conns": Schemas.count,
                            ], optional: supervision),
                    ],
                ]))
        ],
        access: .statistics,
        server: .balancer)

    private static let rateLimits = Route(
        method: .get, path: "/lb/rate-limits", operation: "balancer_rate_limits",
        summary: "The rate limit, and the request count of each client.",
        parameters: [
            Parameter(
                name: "limit", location: .query, summary: "Maximum number of clients.",
                schema: ["type": "integer", "minimum": 1, "maximum": 1000, "default": 1000])
        ],
        replies: [
            ReplyDescription(
                status: 200, summary: "The clients of the current window.",
                schema: Schemas.object([
                    "requests_per_window": Schemas.count, "window_seconds": ["type": "number"],
                    "clients": [
                        "type": "array",
                        "items": Schemas.object([
                            "client": ["type": "string"], "requests_in_window": Schemas.count,
                            "requests_remaining": Schemas.count,
                            "window_reset_in": [
                                "type": "integer", "description": "Seconds until the client's full limit is restored.",
                            ],
                        ]),
                    ],
                ]))
        ],
        problems: [422],
        access: .statistics,
        server: .balancer)

    private static let metrics = Route(
        method: .get, path: "/lb/metrics", operation: "balancer_metrics",
        summary: "The balancer's metrics, for Prometheus.",
        replies: [
            ReplyDescription(
                status: 200, summary: "The metrics in the Prometheus text format.", schema: ["type": "string"],
                contentType: "text/plain")
        ],
        access: .statistics,
        server: .balancer)

    private static let strategy = Route(
        method: .post, path: "/lb/strategy", operation: "balancer_strategy",
        summary: "Changes how the balancer selects a node, beginning with the next request.",
        body: BodyDescription(
            schema: Schemas.object(["strategy": strategyName]), example: ["strategy": "least-connections"]),
        replies: [
            ReplyDescription(
                status: 200, summary: "The new strategy is in effect.",
                schema: Schemas.object([
                    "message": ["type": "string"], "old_strategy": strategyName, "new_strategy": strategyName,
                ]))
        ],
        problems: [400, 415],
        access: .administrative,
        server: .balancer)

    private static let peers = Route(
        method: .get, path: "/lb/peers", operation: "balancer_peers",
        summary: "The nodes of each upstream, including drained ones.",
        replies: [ReplyDescription(status: 200, summary: "The nodes.", schema: peerList)],
        access: .administrative,
        server: .balancer)

    private static let setPeer = Route(
        method: .post, path: "/lb/peers", operation: "balancer_set_peer",
        summary: "Adds, drains or removes a node while the balancer runs. The change stays in effect after a reload.",
        body: BodyDescription(
            schema: Schemas.object(
                ["address": ["type": "string", "description": "A numeric `host:port`, or `unix:/path`."]],
                optional: [
                    "upstream": ["type": "string", "description": "Optional if there is only one upstream."],
                    "state": ["enum": ["up", "drain", "removed"], "default": "up"],
                    "weight": ["type": "integer", "minimum": 1, "maximum": 65_535, "default": 1],
                    "max_conns": ["type": "integer", "minimum": 0, "maximum": 65_535, "default": 0],
                    "backup": ["type": "boolean", "default": false],
                ]), example: ["address": "10.0.0.7:9000", "state": "drain"]),
        replies: [ReplyDescription(status: 200, summary: "The nodes after the change.", schema: peerList)],
        problems: [400, 404, 415],
        access: .administrative,
        server: .balancer)

    private static let peerList = Schemas.object([
        "peers": [
            "type": "array",
            "items": Schemas.object(
                [
                    "upstream": ["type": "string"], "address": ["type": "string"],
                    "state": ["enum": ["up", "drain", "removed"]], "healthy": ["type": "boolean"],
                    "active": Schemas.count, "idle": Schemas.count, "weight": Schemas.count,
                    "max_conns": Schemas.count, "backup": ["type": "boolean"],
                ], optional: supervision),
        ]
    ])

    /// Members that exist if the configuration has `health_check` or `outlier_detection`.
    private static let supervision: [String: JSONValue] = [
        "health_check": ["enum": ["healthy", "checking", "unhealthy"]], "ejected": ["type": "boolean"],
    ]

    private static let strategyName: JSONValue = ["enum": ["round-robin", "least-connections"]]
}
