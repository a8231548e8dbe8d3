/// The key that a client sends with a submission that it may have to repeat (`Idempotency-Key`).
package struct IdempotencyKey: Sendable, Hashable {
    package let key: [UInt8]
    /// The call and its body, which must be the same if the key is used again.
    package let payload: [UInt8]

    /// Who sends it. Each client has its own keys.
    package let client: ClientID

    package init(key: [UInt8], payload: [UInt8], client: ClientID = .anonymous) {
        self.key = key
        self.payload = payload
        self.client = client
    }
}
