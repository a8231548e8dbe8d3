internal import CLinux
internal import Glibc
internal import Synchronization
internal import Threading

/// One epoll loop on one thread: descriptors, timers, and work from other threads.
///
/// Only ``post(_:)`` and ``stop()`` may be called from any thread. Call everything else on the thread of ``run()``, or
/// before ``run()`` is called.
package final class EventLoop: @unchecked Sendable {
    /// Identifies a descriptor in the loop.
    package struct Registration: Hashable, Sendable {
        fileprivate let index: UInt32
        fileprivate let generation: UInt32
    }

    /// Identifies a timer in the loop.
    package struct Timer: Hashable, Sendable {
        fileprivate let index: Int32
    }

    private struct Slot {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
    }

    /// The maximum number of events that one turn handles.
    private static let maxEvents = 256
    private static let wakeToken = UInt64.max

    private let epoll: CInt
    private let wake = EventFD()
    private let events: UnsafeMutablePointer<epoll_event>
    private var slots: ContiguousArray<Slot> = []
    private var freeSlots: ContiguousArray<UInt32> = []
    private var wheel: TimerWheel
    private var timerHandlers: ContiguousArray<(any TimerHandler)?> = []
    private var fired: ContiguousArray<Int32> = []
    private var turnWork: ContiguousArray<() -> Void> = []
    private let posted = Mutex<[@Sendable () -> Void]>([])
    private let isWoken = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)

    /// The time of this turn. The clock is read once per turn.
    package private(set) var now: MonotonicTime
    /// The wall-clock time of this turn.
    package private(set) var wallTime: WallTime
    /// How many turns the loop has made, that is, how often `epoll_wait` returned.
    package private(set) var turns = 0

    /// The buffers for the connections of this loop.
    package let buffers = BufferPool()

    package init() throws(SystemError) {
        epoll = epoll_create1(CInt(bitPattern: millrace_epoll_cloexec()))
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
        events = .allocate(capacity: Self.maxEvents)
        now = .current
        wallTime = .current
        wheel = TimerWheel(now: now.milliseconds)
        var event = epoll_event(events: millrace_epoll_in(), data: epoll_data_t(u64: Self.wakeToken))
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, wake.descriptor, &event) == 0 else { throw SystemError("epoll_ctl") }
    }

    deinit {
        close(epoll)
        events.deallocate()
    }

    // MARK: Descriptors

    /// Calls `handler` for every change of the descriptor's readiness (EPOLLIN, EPOLLOUT, EPOLLRDHUP; edge-triggered).
    /// The loop retains the handler until ``remove(_:descriptor:)``.
    /// - Parameter awaitsWritable: if false, EPOLLOUT is not reported until ``awaitWritable(_:_:)`` is called. Most
    ///   connections never fill their socket buffer, so they do not need EPOLLOUT. A unix socket would report it each
    ///   time that its peer reads.
    package func add(
        _ descriptor: CInt, _ handler: any EventHandler, awaitsWritable: Bool = true
    ) throws(SystemError) -> Registration {
        try add(descriptor, handler, events: Self.input | (awaitsWritable ? millrace_epoll_out() : 0))
    }

    private static let input = millrace_epoll_in() | millrace_epoll_peer_closed() | millrace_epoll_edge()

    /// Reports EPOLLOUT too from now on. Call it after a write that could not write everything. If the socket already
    /// has room again, the handler is called in the next turn.
    package func awaitWritable(_ registration: Registration, _ descriptor: CInt) {
        let token = UInt64(registration.generation) << 32 | UInt64(registration.index)
        var event = epoll_event(events: Self.input | millrace_epoll_out(), data: epoll_data_t(u64: token))
        epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    /// Adds a listening socket, which may be in the epoll sets of several loops. Its events are level-triggered, and
    /// one connection wakes only one loop (EPOLLEXCLUSIVE).
    package func add(listener descriptor: CInt, _ handler: any EventHandler) throws(SystemError) -> Registration {
        try add(descriptor, handler, events: millrace_epoll_in() | millrace_epoll_exclusive())
    }

    private func add(
        _ descriptor: CInt, _ handler: any EventHandler, events: UInt32
    ) throws(SystemError) -> Registration {
        if freeSlots.isEmpty {
            freeSlots.append(UInt32(slots.count))
            slots.append(Slot())
        }
        let index = freeSlots[freeSlots.count - 1]
        let registration = Registration(index: index, generation: slots[Int(index)].generation)
        let token = UInt64(registration.generation) << 32 | UInt64(index)
        var event = epoll_event(events: events, data: epoll_data_t(u64: token))
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw SystemError("epoll_ctl") }
        freeSlots.removeLast()
        slots[Int(index)].handler = handler
        return registration
    }

    /// Releases the handler. It is not called any more, not even for events of this turn.
    /// - Parameter descriptor: if given, it is removed from the epoll set now. If nil, the kernel removes the
    ///   descriptor when the caller closes it
    package func remove(_ registration: Registration, descriptor: CInt? = nil) {
        let index = Int(registration.index)
        guard slots[index].generation == registration.generation else { return }
        if let descriptor { epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) }
        slots[index].handler = nil
        slots[index].generation &+= 1
        // No registration may have the token of the wake-up descriptor, ``wakeToken``.
        if slots[index].generation == .max { slots[index].generation = 0 }
        freeSlots.append(registration.index)
    }

    // MARK: Timers

    /// Makes a timer that is not set. The loop retains the handler until ``remove(_:)``.
    package func makeTimer(_ handler: any TimerHandler) -> Timer {
        let index = wheel.make()
        if Int(index) == timerHandlers.count {
            timerHandlers.append(handler)
        } else {
            timerHandlers[Int(index)] = handler
        }
        return Timer(index: index)
    }

    /// Makes the timer fire once, `duration` after the time of this turn. It fires with a precision of 1 ms and never
    /// early.
    package func set(_ timer: Timer, after duration: Duration) { set(timer, at: now + duration) }

    package func set(_ timer: Timer, at time: MonotonicTime) {
        wheel.set(timer.index, to: (time.nanoseconds &+ 999_999) / 1_000_000)
    }

    package func clear(_ timer: Timer) { wheel.clear(timer.index) }

    package func isSet(_ timer: Timer) -> Bool { wheel.isSet(timer.index) }

    package func remove(_ timer: Timer) {
        timerHandlers[Int(timer.index)] = nil
        wheel.remove(timer.index)
    }

    // MARK: Work

    /// Runs `work` on the thread of the loop, in its next turn. May be called from any thread.
    package func post(_ work: @escaping @Sendable () -> Void) {
        posted.withLock { $0.append(work) }
        if !isWoken.exchange(true, ordering: .acquiringAndReleasing) { wake.signal() }
    }

    /// Runs `work` at the end of this turn. If `work` itself calls `later`, the new work runs at the end of the next
    /// turn, and that turn does not wait for events.
    package func later(_ work: @escaping () -> Void) { turnWork.append(work) }

    /// Makes ``run()`` return. May be called from any thread.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
    }

    /// Handles events until ``stop()``.
    package func run() {
        while !isStopping.load(ordering: .acquiring) { turn(waitingAtMost: nil) }
        isStopping.store(false, ordering: .releasing)
    }

    /// Waits for events and handles them.
    /// - Parameter maxWait: how long to wait; nil for no limit
    package func turn(waitingAtMost maxWait: Duration?) {
        let count = epoll_wait(epoll, events, CInt(Self.maxEvents), timeout(maxWait))
        now = .current
        wallTime = .current
        turns &+= 1
        var position = 0
        while position < count {
            dispatch(events[position])
            position += 1
        }
        fireTimers()
        guard !turnWork.isEmpty else { return }
        let work = turnWork
        turnWork.removeAll(keepingCapacity: true)
        for item in work { item() }
    }

    private func timeout(_ maxWait: Duration?) -> CInt {
        guard turnWork.isEmpty else { return 0 }
        var wait = maxWait?.wholeMilliseconds ?? .max
        if let next = wheel.nextEvent {
            wait = min(wait, max(0, next - MonotonicTime.current.milliseconds))
        }
        return wait >= Int64(CInt.max) ? -1 : CInt(wait)
    }

    private func dispatch(_ event: epoll_event) {
        let token = event.data.u64
        if token == Self.wakeToken {
            wake.drain()
            isWoken.store(false, ordering: .sequentiallyConsistent)
            for work in posted.withLock({ work in
                let taken = work
                work = []
                return taken
            }) { work() }
            return
        }
        let index = Int(token & 0xFFFF_FFFF)
        guard slots[index].generation == UInt32(token >> 32), let handler = slots[index].handler else { return }
        handler.handle(Readiness(rawValue: event.events))
    }

    private func fireTimers() {
        wheel.advance(to: now.milliseconds, into: &fired)
        guard !fired.isEmpty else { return }
        let due = fired
        fired.removeAll(keepingCapacity: true)
        for index in due {
            // If the handler of another timer has just removed, cleared or set this timer, this timer does not fire
            // now.
            guard wheel.takeDue(index), let handler = timerHandlers[Int(index)] else { continue }
            handler.timerFired(Timer(index: index))
        }
    }
}
