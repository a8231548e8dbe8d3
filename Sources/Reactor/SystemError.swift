internal import Glibc

/// A system call that failed.
package struct SystemError: Error, CustomStringConvertible, Hashable {
    /// The call, for example `bind`.
    package let call: StaticString
    /// The value of `errno`.
    package let code: CInt
    /// What the call was about, for example an address. Show it only in logs and on the terminal.
    package let subject: String

    package init(_ call: StaticString, code: CInt = errno, subject: String = "") {
        self.call = call
        self.code = code
        self.subject = subject
    }

    /// The message as nginx writes it: `bind() to 127.0.0.1:80 failed (98: Address already in use)`.
    package var description: String {
        let to = subject.isEmpty ? "" : " to \(subject)"
        return "\(call)()\(to) failed (\(code): \(Self.text(code)))"
    }

    package static func text(_ code: CInt) -> String { String(cString: strerror(code)) }

    package static func == (left: SystemError, right: SystemError) -> Bool {
        left.code == right.code && left.subject == right.subject && left.call.description == right.call.description
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(subject)
    }
}
