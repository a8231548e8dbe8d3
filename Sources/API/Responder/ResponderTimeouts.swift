/// How long a web server may occupy a thread or a descriptor.
enum ResponderTimeouts {
    /// The timeout of one read or write.
    static let inputOutput = Duration.seconds(20)
    /// The timeout of a whole request, or of a whole response. In a streamed response, it applies to each 64 KiB.
    static let request = Duration.seconds(60)
    /// How long the web server may take to close its side after the node's last response on a connection.
    static let lingering = Duration.seconds(2)
    /// The pause before accepting again when the process or the machine has no descriptor left.
    static let exhausted = Duration.milliseconds(100)
}
