/// How long a peer may keep a thread or a descriptor.
enum Limits {
    /// One read or write.
    static let inputOutput = Duration.seconds(20)
    /// A whole request or a whole reply; of a stream, each 64 KiB.
    static let exchange = Duration.seconds(60)
    /// What the peer of a connection that we end has to close its side.
    static let lingering = Duration.seconds(2)
    /// The pause after the process or the machine had no descriptor left.
    static let exhausted = Duration.milliseconds(100)
}
