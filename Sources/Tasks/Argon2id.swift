internal import Bytes
internal import CArgon2

/// Argon2id of libargon2, with its parameters.
struct Argon2id {
    /// Number of passes.
    var timeCost: Int
    /// Memory in KiB.
    var memoryCost: Int
    /// Number of lanes.
    var parallelism: Int

    /// - Parameter length: the length of the hash in bytes, at least 4.
    func hash(_ text: String, salt: [UInt8], length: Int) throws(TaskFailure) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: length)
        var salt = salt
        // This is a copy of the text, because the library overwrites it with zeros.
        var secret = Array(text.utf8)
        let code = secret.withUnsafeMutableBufferPointer { secret in
            salt.withUnsafeMutableBufferPointer { salt in
                hash.withUnsafeMutableBufferPointer { hash in
                    var context = argon2_context()
                    context.out = hash.baseAddress
                    context.outlen = UInt32(hash.count)
                    context.pwd = secret.baseAddress
                    context.pwdlen = UInt32(secret.count)
                    context.salt = salt.baseAddress
                    context.saltlen = UInt32(salt.count)
                    context.t_cost = UInt32(timeCost)
                    context.m_cost = UInt32(memoryCost)
                    context.lanes = UInt32(parallelism)
                    // One thread computes all lanes, because a worker already has one thread per core. The hash is the
                    // same.
                    context.threads = 1
                    context.version = UInt32(ARGON2_VERSION_13.rawValue)
                    context.flags = UInt32(1)  // ARGON2_FLAG_CLEAR_PASSWORD
                    context.allocate_cbk = HugePages.allocate
                    context.free_cbk = HugePages.free
                    return argon2_ctx(&context, Argon2_id)
                }
            }
        }
        guard code == ARGON2_OK.rawValue else {
            let reason = String(cString: argon2_error_message(code))
            throw TaskFailure(
                "argon2: \(reason)", isRetryable: code == ARGON2_MEMORY_ALLOCATION_ERROR.rawValue)
        }
        return hash
    }

    /// The hash as a PHC string, as `argon2_verify` accepts it.
    func phc(salt: [UInt8], hash: [UInt8]) -> String {
        "$argon2id$v=19$m=\(memoryCost),t=\(timeCost),p=\(parallelism)"
            + "$\(Base64.encode(salt, isPadded: false))$\(Base64.encode(hash, isPadded: false))"
    }
}
