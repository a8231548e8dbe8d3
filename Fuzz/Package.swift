// swift-tools-version: 6.2
import PackageDescription

// The parsers of `Sources/` (symbolic links), built with libFuzzer and the address sanitizer. It is a separate package, so
// that a normal build does not include it. `make fuzz` builds and runs it.
let instrumented: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])]

let package = Package(
    name: "fuzz",
    targets: [
        .target(name: "Bytes", swiftSettings: instrumented),
        .target(name: "HTTPWire", dependencies: ["Bytes"], swiftSettings: instrumented),
        .target(name: "FastCGIWire", dependencies: ["Bytes"], swiftSettings: instrumented),
        .target(name: "NginxConfig", dependencies: ["Bytes"], swiftSettings: instrumented),
        .executableTarget(
            name: "fuzz", dependencies: ["Bytes", "HTTPWire", "FastCGIWire", "NginxConfig"], path: "Sources/Fuzz",
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
    ]
)

for target in package.targets {
    target.swiftSettings =
        [
            .swiftLanguageMode(.v6),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
        ] + (target.swiftSettings ?? [])
}
