import Glibc

// fuzz --http|--fastcgi|--config [corpus folders] [libFuzzer's options]
//
// libFuzzer ignores options that begin with `--`, also in the processes that it starts.

/// The loop of libFuzzer, which calls `target` with one input after the other.
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

func run(_ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) -> Never {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(runDriver(&count, &arguments, target))
}

func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: start, count: count))
}

switch CommandLine.arguments.dropFirst().first {
case "--http":
    run { start, count in
        RequestProperties.check(bytes(start, count))
        return 0
    }
case "--fastcgi":
    run { start, count in
        ResponseProperties.check(bytes(start, count))
        return 0
    }
case "--config":
    run { start, count in
        ConfigurationProperties.check(bytes(start, count))
        return 0
    }
default:
    print("usage: fuzz --http|--fastcgi|--config [corpus folders] [libFuzzer's options]")
    exit(64)
}
