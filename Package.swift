// swift-tools-version: 6.2
import PackageDescription

// The settings of every Swift target.
var houseStyle: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]
if Context.environment["CI"] != nil {
    houseStyle.append(.treatAllWarnings(as: .error))
}

/// Targets on the path of a proxied request: a release is optimised across them.
let hot: [SwiftSetting] = [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

/// Targets that parse bytes from outside: pure Swift without `unsafe`.
let strict: [SwiftSetting] = [.strictMemorySafety()]

/// Targets whose objects each belong to the thread of one loop. Checking every access for exclusivity at run time takes a
/// fifth of the balancer's own instructions per request. Debug builds, and so all tests, do check them.
let loopConfined: [SwiftSetting] = [
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

/// Full RELRO: the dynamic linker binds all symbols at start and then makes the table of them read-only. The other half,
/// no RUNPATH, is the option `--disable-local-rpath` in the Makefile: a linker setting cannot remove a path.
let hardened: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"], .when(configuration: .release))]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let structuredFields = Target.Dependency.product(
    name: "RawStructuredFieldValues", package: "swift-http-structured-headers")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "millrace",
    products: [
        .executable(name: "millrace", targets: ["millrace"]),
        .library(name: "AllocationCounter", type: .dynamic, targets: ["AllocationCounter"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", exact: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    ],
    targets: [
        // System libraries
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),

        // Pure targets: bytes and values in, values and actions out
        .target(name: "Bytes", swiftSettings: hot),
        .target(name: "JSON", dependencies: ["Bytes"]),
        .target(name: "HTTPWire", dependencies: ["Bytes"], swiftSettings: strict + hot),
        .target(name: "FastCGIWire", dependencies: ["Bytes"], swiftSettings: strict + hot),
        .target(name: "NginxConfig", dependencies: ["Bytes"], swiftSettings: strict),
        .target(name: "Balancing", dependencies: ["Bytes", deque], swiftSettings: hot),
        .target(name: "Patterns", dependencies: ["CPCRE2"]),

        // The base of all I/O
        .target(name: "Threading", dependencies: ["CLinux", deque]),
        .target(name: "Telemetry", dependencies: ["Bytes", "JSON", logging, coreMetrics]),
        .target(
            name: "Reactor", dependencies: ["Bytes", "CLinux", "Threading"],
            swiftSettings: loopConfined + hot),
        .target(name: "Postgres", dependencies: ["CPostgres", "Threading", logging]),
        .target(name: "Client", dependencies: ["Bytes", "CLinux", "HTTPWire", "JSON"]),

        .target(name: "AdminAccess", dependencies: ["Bytes", "COpenSSL"]),

        // The services
        .target(name: "Tasks", dependencies: ["Bytes", "CArgon2", "COpenSSL", "JSON"]),
        .target(
            name: "Schema", dependencies: ["Postgres"], path: "sql",
            resources: [.embedInCode("migrations")]),
        .target(
            name: "Queue",
            dependencies: ["Bytes", "Postgres", "Schema", "Tasks", "Telemetry", "Threading", heap, logging, metrics]),
        .target(
            name: "API",
            dependencies: [
                "AdminAccess", "Bytes", "CFastCGI", "CLinux", "FastCGIWire", "HTTPWire", "JSON", "Queue", "Reactor",
                "Tasks", "Telemetry", "Threading",
                deque, logging, metrics, structuredFields,
            ]),
        .target(
            name: "DefaultProxy", path: "proxy",
            exclude: ["Caddyfile", "DIRECTIVES.md", "apache.conf", "haproxy.cfg", "lighttpd.conf", "nginx.conf"],
            resources: [.embedInCode("millrace.conf")]),
        .target(
            name: "Worker",
            dependencies: [
                "HTTPWire", "JSON", "Postgres", "Queue", "Reactor", "Tasks", "Telemetry", "Threading", logging, metrics,
            ]),
        .target(
            name: "Balancer",
            dependencies: [
                "AdminAccess", "Balancing", "Bytes", "CLinux", "FastCGIWire", "HTTPWire", "JSON", "NginxConfig",
                "Patterns", "Reactor", "Telemetry", "Threading",
                deque,
            ],
            swiftSettings: loopConfined + hot),

        // The command line
        .target(name: "Settings"),
        .target(name: "Supervisor", dependencies: ["CLinux", "Threading"]),
        .executableTarget(
            name: "millrace",
            dependencies: [
                "API", "AdminAccess", "Balancer", "Bytes", "Client", "DefaultProxy", "FastCGIWire", "JSON",
                "NginxConfig", "Postgres", "Queue", "Reactor", "Schema", "Settings", "Supervisor", "Tasks", "Telemetry",
                "Threading", "Worker",
                argumentParser, logging,
            ],
            linkerSettings: hardened),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CArgon2", "CLinux", "Client", "JSON", "Postgres", "Queue", "Reactor", "Supervisor", "Tasks",
                "TestSupport", "Threading", argumentParser, logging,
            ],
            path: "Benchmarks",
            exclude: [
                "AllocationCounter", "Peers/celery_api.py", "Peers/celery_app.py", "Peers/coalescer.py",
                "Peers/pgqueuer_api.py", "Peers/pgqueuer_worker.py", "Peers/requirements.txt", "README.md",
            ]),
        .target(name: "AllocationCounter", path: "Benchmarks/AllocationCounter"),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["Client", "Reactor", "Supervisor", "Threading", logging],
            path: "Tests/TestSupport"),
        .executableTarget(
            name: "chaos",
            dependencies: [
                "CArgon2", "COpenSSL", "Client", "JSON", "Postgres", "Supervisor", "TestSupport", "Threading",
                argumentParser,
            ], path: "Tests/Chaos"),
        .testTarget(name: "BytesTests", dependencies: ["Bytes"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"]),
        .testTarget(name: "HTTPWireTests", dependencies: ["HTTPWire", "TestSupport"]),
        .testTarget(name: "ClientTests", dependencies: ["Client", "HTTPWire", "JSON", "Threading"]),
        .testTarget(name: "FastCGIWireTests", dependencies: ["FastCGIWire", "TestSupport"]),
        .testTarget(name: "NginxConfigTests", dependencies: ["DefaultProxy", "NginxConfig", "TestSupport"]),
        .testTarget(name: "BalancingTests", dependencies: ["Balancing", "TestSupport"]),
        .testTarget(name: "PatternsTests", dependencies: ["Patterns"]),
        .testTarget(name: "ThreadingTests", dependencies: ["Threading"]),
        .testTarget(name: "TelemetryTests", dependencies: ["JSON", "Telemetry", logging, coreMetrics]),
        .testTarget(name: "ReactorTests", dependencies: ["Reactor", "TestSupport", "Threading"]),
        .testTarget(name: "AdminAccessTests", dependencies: ["AdminAccess"]),
        .testTarget(name: "TasksTests", dependencies: ["Bytes", "JSON", "Tasks"]),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestSupport", "Threading", logging]),
        .testTarget(
            name: "QueueTests",
            dependencies: ["JSON", "Postgres", "Queue", "Schema", "Tasks", "TestSupport", "Threading", logging]),
        .testTarget(
            name: "APITests",
            dependencies: [
                "AdminAccess", "API", "FastCGIWire", "HTTPWire", "JSON", "Postgres", "Queue", "Reactor", "Schema",
                "Supervisor",
                "Tasks",
                "TestSupport", "Threading", logging,
            ]),
        .testTarget(
            name: "BalancerTests",
            dependencies: [
                "AdminAccess", "Balancer", "FastCGIWire", "HTTPWire", "JSON", "NginxConfig", "Reactor", "Supervisor",
                "TestSupport",
                "Threading",
            ], exclude: ["NginxComparison/Differences.md"]),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "JSON", "Postgres", "Queue", "Reactor", "Schema", "Tasks", "TestSupport", "Threading",
                "Worker",
                logging,
            ]),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"]),
        .testTarget(name: "SupervisorTests", dependencies: ["Supervisor", "TestSupport"]),
        .testTarget(
            name: "EndToEndTests", dependencies: ["Client", "JSON", "Supervisor", "TestSupport", "Threading"]),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = houseStyle + (target.swiftSettings ?? [])
}
