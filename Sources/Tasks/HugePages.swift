internal import Glibc

/// Memory for Argon2 on pages of 2 MiB, if the kernel supports them (`transparent_hugepage` is `madvise` or `always`).
///
/// Argon2 accesses its memory in random order. With pages of 4 KiB it waits for the page tables, and touching 64 MiB
/// for the first time causes 16,384 page faults. With pages of 2 MiB and the default parameters, it needs 15 to 20 %
/// less CPU time.
enum HugePages {
    private static let size = 2 << 20

    /// libargon2's `allocate_fptr`. It returns 0 or an error code.
    static let allocate: @convention(c) (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, Int) -> CInt = {
        memory, count in
        var block: UnsafeMutableRawPointer?
        guard posix_memalign(&block, count < size ? 64 : size, count) == 0, let block else { return -1 }
        if count >= size { madvise(block, count, MADV_HUGEPAGE) }
        memory?.pointee = block.assumingMemoryBound(to: UInt8.self)
        return 0
    }

    /// libargon2's `deallocate_fptr`. The library has already overwritten the memory with zeros.
    static let free: @convention(c) (UnsafeMutablePointer<UInt8>?, Int) -> Void = { memory, _ in
        Glibc.free(memory)
    }
}
