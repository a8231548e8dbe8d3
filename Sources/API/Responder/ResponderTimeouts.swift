/// How long a web server may occupy a thread or a descriptor.
enum ResponderTimeouts {
    /// One read or write.
    static let inputOutput = Duration.seconds(20)
    /// A whole request, or a whole response; in a streamed response, each 64 KiB.
    static let request = Duration.seconds(60)
    /// From the node's last response on a connection until the web server has closed its side.
    static let lingering = Duration.seconds(2)
    /// The pause before accepting again when the process or the machine has no descriptor left.
    static let exhausted = Duration.milliseconds(100)
}
