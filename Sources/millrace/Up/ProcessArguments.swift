import Glibc

/// The arguments of this process as other processes see them (`ps`, `/proc/PID/cmdline`).
enum ProcessArguments {
    /// Overwrites the value of an option that may contain a password. Call it when the option has been read.
    static func hideValue(of option: String) {
        guard let range = memory else { return }
        var isValue = false
        var position = range.start
        while position < range.end {
            let length = strnlen(position, range.end - position)
            let text = String(decoding: UnsafeRawBufferPointer(start: position, count: length), as: UTF8.self)
            if isValue {
                overwrite(position, length)
            } else if text.hasPrefix(option + "=") {
                overwrite(position + option.utf8.count + 1, length - option.utf8.count - 1)
            }
            isValue = text == option
            position += length + 1
        }
    }

    private static func overwrite(_ start: UnsafeMutablePointer<CChar>, _ count: Int) {
        memset(start, CInt(UInt8(ascii: "*")), count)
    }

    /// Where the kernel reads the arguments: `arg_start` and `arg_end` of proc(5), the fields 48 and 49 of
    /// `/proc/self/stat`. Swift's `CommandLine.unsafeArgv` can be a copy.
    private static var memory: (start: UnsafeMutablePointer<CChar>, end: UnsafeMutablePointer<CChar>)? {
        guard let file = fopen("/proc/self/stat", "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        // The program's name in parentheses may contain any character. Field 3 follows the last parenthesis.
        let fields = String(decoding: bytes[..<count], as: UTF8.self).split(separator: ")").last?.split(separator: " ")
        guard let fields, fields.count > 46, let start = UInt(fields[45]), let end = UInt(fields[46]), start < end,
            let first = UnsafeMutablePointer<CChar>(bitPattern: start),
            let last = UnsafeMutablePointer<CChar>(bitPattern: end)
        else { return nil }
        return (first, last)
    }
}
