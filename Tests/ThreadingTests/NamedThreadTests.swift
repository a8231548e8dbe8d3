import Glibc
import Testing
import Threading

struct NamedThreadTests {
    @Test func `a thread has the name it was given, cut to what Linux keeps`() {
        let name = Monitor<String?>(nil)
        NamedThread("a-name-of-many-letters") {
            guard let file = fopen("/proc/thread-self/comm", "r") else { return }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 32)
            guard fgets(&buffer, 32, file) != nil else { return }
            name.withLock { $0 = String(cString: buffer) }
        }.join()
        #expect(name.withLock { $0 } == "a-name-of-many-\n")
    }
}
