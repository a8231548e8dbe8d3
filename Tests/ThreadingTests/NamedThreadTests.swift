import Glibc
import Testing
import Threading

struct NamedThreadTests {
    @Test func `a thread has its name, cut to the length that Linux keeps`() {
        let name = Monitor<String?>(nil)
        NamedThread("a-name-of-many-letters") {
            guard let file = fopen("/proc/thread-self/comm", "r") else { return }
            defer { fclose(file) }
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = fread(&buffer, 1, buffer.count, file)
            name.withLock { $0 = String(decoding: buffer[..<count], as: UTF8.self) }
        }.join()
        #expect(name.withLock { $0 } == "a-name-of-many-\n")
    }
}
