/// The state of the request's body. Received bytes are held until a peer is asked. Later bytes are passed on to the
/// peer at once.
struct RequestBody {
    /// Where received bytes go.
    enum Destination: Hashable {
        /// The bytes are dropped.
        case nowhere
        case memory
        /// The bytes go to a file, because memory is full (`fastcgi_request_buffering on`).
        case file
        case upstream
    }

    /// The properties that own no memory, in one struct, so that a reset can replace all of them at once.
    private struct State {
        var isBuffered = false
        var isHeld = true
        var isComplete = false
        var isUnwanted = false
        var isPaused = false
        var count = 0
    }

    /// The maximum capacity of ``held`` that is kept for the next body, in bytes.
    private static let maxKeptCapacity = 128 * 1024

    var held: [UInt8] = []
    /// The part of the body that did not fit into ``held``.
    var spool: RequestSpool?
    private var state = State()

    /// Empties the body, and keeps its memory.
    mutating func reset() {
        if held.capacity > Self.maxKeptCapacity { held = [] }
        held.removeAll(keepingCapacity: true)
        if spool != nil { spool = nil }
        state = State()
    }

    /// Whether a peer is only asked after all of the body has arrived (`fastcgi_request_buffering on`).
    var isBuffered: Bool {
        get { state.isBuffered }
        set { state.isBuffered = newValue }
    }
    /// Whether all received bytes are in ``held`` and ``spool``, so that they can be sent to another peer.
    var isHeld: Bool { state.isHeld }
    var isComplete: Bool { state.isComplete }
    /// Whether the rest of the body is dropped.
    var isUnwanted: Bool { state.isUnwanted }
    /// Whether reading from the client is paused until ``ClientStream/resumeRequestBody()``.
    var isPaused: Bool {
        get { state.isPaused }
        set { state.isPaused = newValue }
    }
    /// The number of bytes received.
    var count: Int { state.count }

    /// Whether memory holds the maximum number of bytes.
    /// - Parameter limit: `client_body_buffer_size`.
    func isMemoryFull(_ limit: Int) -> Bool { held.count >= max(1, limit) }

    /// Whether enough bytes are held to ask a peer before the rest arrives.
    func isFull(_ limit: Int) -> Bool { !isBuffered && isMemoryFull(limit) }

    /// Counts received bytes, and decides where they go.
    /// - Parameters:
    ///   - hasUpstream: Whether there is a connection to a peer.
    ///   - passesBody: `fastcgi_pass_request_body`.
    ///   - limit: `client_body_buffer_size`.
    mutating func receive(_ count: Int, hasUpstream: Bool, passesBody: Bool, limit: Int) -> Destination {
        state.count += count
        if isUnwanted || !passesBody { return .nowhere }
        if hasUpstream {
            state.isHeld = false
            return .upstream
        }
        return isBuffered && isMemoryFull(limit) ? .file : .memory
    }

    mutating func ended() { state.isComplete = true }

    mutating func discard() { state.isUnwanted = true }
}
