internal import CLinux
internal import Glibc
internal import Synchronization
internal import Threading

/// One epoll loop on one thread: descriptors, timers, and work handed in by other threads.
///
/// Everything but ``post(_:)`` and ``stop()`` is called on the thread that is in ``run()``, or before it runs.
package final class EventLoop: @unchecked Sendable {
    /// A descriptor's place in the loop.
    package struct Registration: Hashable, Sendable {
        fileprivate let index: UInt32
        fileprivate let generation: UInt32
    }

    /// A timer's place in the loop.
    package struct Timer: Hashable, Sendable {
        fileprivate let index: Int32
    }

    private struct Slot {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
    }

    private static let batch = 256
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

    /// Read once a turn.
    package private(set) var now: MonotonicTime
    /// Read once a turn.
    package private(set) var wallTime: WallTime
    /// Turns since the start: how often `epoll_wait` returned.
    package private(set) var turns = 0

    /// Buffers to lend while bytes are under way.
    package let buffers = BufferPool()

    package init() throws(SystemError) {
        epoll = epoll_create1(CInt(bitPattern: millrace_epoll_cloexec()))
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
        events = .allocate(capacity: Self.batch)
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

    /// Tells `handler` of every change of the descriptor's readiness (EPOLLIN, OUT, RDHUP, edge-triggered).
    /// The loop keeps the handler until ``remove(_:)``.
    /// - Parameter awaitsWritable: false: not of EPOLLOUT, until ``awaitWritable(_:_:)``. Most connections never fill
    ///   their socket, but a unix socket tells each time that its peer has read.
    package func add(
        _ descriptor: CInt, _ handler: any EventHandler, awaitsWritable: Bool = true
    ) throws(SystemError) -> Registration {
        try add(descriptor, handler, events: Self.input | (awaitsWritable ? millrace_epoll_out() : 0))
    }

    private static let input = millrace_epoll_in() | millrace_epoll_peer_closed() | millrace_epoll_edge()

    /// A write came back short: from now on the handler is told of EPOLLOUT, too, and at once if there is room again.
    package func awaitWritable(_ registration: Registration, _ descriptor: CInt) {
        let token = UInt64(registration.generation) << 32 | UInt64(registration.index)
        var event = epoll_event(events: Self.input | millrace_epoll_out(), data: epoll_data_t(u64: token))
        epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    /// For a listening socket, perhaps in the epoll sets of several loops: level-triggered, and one connection wakes
    /// one loop only (EPOLLEXCLUSIVE).
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

    /// Forgets the handler; events of this turn that are still to come do not reach it. The descriptor leaves the
    /// epoll set when it is closed, which is the caller's to do; with `descriptor` it leaves at once.
    package func remove(_ registration: Registration, descriptor: CInt? = nil) {
        let index = Int(registration.index)
        guard slots[index].generation == registration.generation else { return }
        if let descriptor { epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) }
        slots[index].handler = nil
        slots[index].generation &+= 1
        // The wake-up token must stay unlike every other.
        if slots[index].generation == .max { slots[index].generation = 0 }
        freeSlots.append(registration.index)
    }

    // MARK: Timers

    /// A timer of `handler`'s, not set; the loop keeps the handler until ``remove(_:)``.
    package func makeTimer(_ handler: any TimerHandler) -> Timer {
        let index = wheel.make()
        if Int(index) == timerHandlers.count {
            timerHandlers.append(handler)
        } else {
            timerHandlers[Int(index)] = handler
        }
        return Timer(index: index)
    }

    /// Fires once, `duration` after this turn's time, to the millisecond, never early.
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

    /// Runs `work` on the loop's thread, soon. From any thread.
    package func post(_ work: @escaping @Sendable () -> Void) {
        posted.withLock { $0.append(work) }
        if !isWoken.exchange(true, ordering: .acquiringAndReleasing) { wake.signal() }
    }

    /// Runs `work` at the end of this turn; what that hands in runs at the end of the next one, which does not wait.
    /// On the loop's thread.
    package func later(_ work: @escaping () -> Void) { turnWork.append(work) }

    /// Makes ``run()`` return. From any thread.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
    }

    /// Turns until ``stop()``.
    package func run() {
        while !isStopping.load(ordering: .acquiring) { turn(waitingAtMost: nil) }
        isStopping.store(false, ordering: .releasing)
    }

    /// Waits for events, at most so long, and handles what there is.
    package func turn(waitingAtMost limit: Duration?) {
        let count = epoll_wait(epoll, events, CInt(Self.batch), timeout(limit))
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

    private func timeout(_ limit: Duration?) -> CInt {
        guard turnWork.isEmpty else { return 0 }
        var wait = limit?.wholeMilliseconds ?? .max
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
            // One that an earlier one of this round removed, cleared or set anew does not fire.
            guard wheel.takeDue(index), let handler = timerHandlers[Int(index)] else { continue }
            handler.timerFired(Timer(index: index))
        }
    }
}
