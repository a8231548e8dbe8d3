/// What a client sends along with a submission that it may send again (`Idempotency-Key`).
package struct IdempotencyKey: Sendable, Hashable {
    package let key: [UInt8]
    /// What has to be the same when the key is used again: the call and its body.
    package let payload: [UInt8]

    package init(key: [UInt8], payload: [UInt8]) {
        self.key = key
        self.payload = payload
    }
}
