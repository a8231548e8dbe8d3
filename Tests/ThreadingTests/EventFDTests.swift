import Glibc
import Testing
import Threading

struct EventFDTests {
    private func isReadable(_ event: EventFD) -> Bool {
        var entry = pollfd(fd: event.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1
    }

    @Test func `signals make an EventFD readable until it is drained once`() {
        let event = EventFD()
        #expect(!isReadable(event))
        event.signal()
        event.signal()
        #expect(isReadable(event))
        event.drain()
        #expect(!isReadable(event))
    }
}
