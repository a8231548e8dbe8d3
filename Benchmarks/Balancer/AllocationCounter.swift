internal import Glibc

/// The number of allocations of a program that runs with `libAllocationCounter.so`. That program and this process map
/// the same file.
final class AllocationCounter {
    let path: String
    private let number: UnsafeMutablePointer<Int>

    init(at path: String) throws(BenchError) {
        self.path = path
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o666)
        guard descriptor >= 0, ftruncate(descriptor, 4096) == 0, fchmod(descriptor, 0o666) == 0,
            let page = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), page != MAP_FAILED
        else { throw BenchError("cannot map \(path)") }
        close(descriptor)
        number = page.assumingMemoryBound(to: Int.self)
    }

    var count: Int { number.pointee }

    deinit { munmap(number, 4096) }
}
