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

    /// Memory of a larger body is not kept for the next one.
    private static let maxKeptCapacity = 128 * 1024

    var held: [UInt8] = []
    /// The part of the body that did not fit into ``held``.
    var spool: RequestSpool?
    /// `fastcgi_request_buffering on`: a peer is asked when all of the body is here.
    var isBuffered = false
    /// All bytes that came are in ``held`` and ``spool``: another peer can have them.
    private(set) var isHeld = true
    private(set) var isComplete = false
    /// Nobody wants the body any more.
    private(set) var isUnwanted = false
    /// The client is not read, until ``ClientStream/resumeRequestBody()``.
    var isPaused = false
    /// Bytes that came.
    private(set) var count = 0

    init() {}

    /// The empty body, with the memory of `old`.
    init(reusing old: inout RequestBody) {
        guard old.held.capacity > 0, old.held.capacity <= Self.maxKeptCapacity else { return }
        swap(&held, &old.held)
        held.removeAll(keepingCapacity: true)
    }

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
        self.count += count
        if isUnwanted || !passesBody { return .nowhere }
        if hasUpstream {
            isHeld = false
            return .upstream
        }
        return isBuffered && isMemoryFull(limit) ? .file : .memory
    }

    mutating func ended() { isComplete = true }

    mutating func discard() { isUnwanted = true }
}
