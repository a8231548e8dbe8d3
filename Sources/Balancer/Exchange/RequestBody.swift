/// The request's body on its way: held until a peer is asked, passed on after that.
struct RequestBody {
    /// Where bytes that came are to go.
    enum Destination: Hashable {
        /// Nobody wants them.
        case nowhere
        case memory
        /// `fastcgi_request_buffering on`, and memory is full.
        case file
        case upstream
    }

    /// Everything but memory: reset by assignment.
    private struct State {
        var isBuffered = false
        var isHeld = true
        var isComplete = false
        var isUnwanted = false
        var isPaused = false
        var count = 0
    }

    /// Memory of a larger body is not kept for the next one.
    private static let maxKeptCapacity = 128 * 1024

    var held: [UInt8] = []
    /// The part of the body that did not fit into ``held``.
    var spool: RequestSpool?
    private var state = State()

    /// The empty body, with the memory of the last one.
    mutating func reset() {
        if held.capacity > Self.maxKeptCapacity { held = [] }
        held.removeAll(keepingCapacity: true)
        if spool != nil { spool = nil }
        state = State()
    }

    /// `fastcgi_request_buffering on`: a peer is asked when all of the body is here.
    var isBuffered: Bool {
        get { state.isBuffered }
        set { state.isBuffered = newValue }
    }
    /// All bytes that came are in ``held`` and ``spool``: another peer can have them.
    var isHeld: Bool { state.isHeld }
    var isComplete: Bool { state.isComplete }
    /// Nobody wants the body any more.
    var isUnwanted: Bool { state.isUnwanted }
    /// The client is not read, until ``ClientStream/resumeRequestBody()``.
    var isPaused: Bool {
        get { state.isPaused }
        set { state.isPaused = newValue }
    }
    /// Bytes that came.
    var count: Int { state.count }

    /// Memory holds as much as it may.
    /// - Parameter limit: `client_body_buffer_size`.
    func isMemoryFull(_ limit: Int) -> Bool { held.count >= max(1, limit) }

    /// As much is held as is held before a peer is asked.
    func isFull(_ limit: Int) -> Bool { !isBuffered && isMemoryFull(limit) }

    /// Bytes came.
    /// - Parameters:
    ///   - hasUpstream: There is a connection to a peer.
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
