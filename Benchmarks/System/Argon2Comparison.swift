internal import CArgon2
internal import Glibc
internal import JSON
internal import Threading

/// Argon2 tasks of the whole system and a loop around libargon2 on all cores, measured in turn.
enum Argon2Comparison {
    struct Outcome {
        /// Tasks per second of the system: the median of the runs.
        let system: Double
        /// Hashes per second of the bare loop: the median of the runs.
        let bare: Double
        /// The median of the ratios `system / bare`. Each ratio compares two runs in succession, so a change of the
        /// machine's speed affects both runs.
        let ratio: Double
    }

    private static let rounds = 3
    private static let memory: UInt32 = 65536
    private static let passes: UInt32 = 3
    private static let lanes: UInt32 = 4

    static func measure(on system: BenchSystem, duration: Duration) throws -> Outcome {
        let share = duration / rounds
        var pairs: [(system: Double, bare: Double)] = []
        var expected = bareRate(for: share)
        for round in 0..<rounds {
            let rate = try systemRate(system, tasks: max(8, Int(expected * share.inSeconds)), round: round)
            expected = bareRate(for: share)
            pairs.append((rate, expected))
        }
        return Outcome(
            system: median(pairs.map(\.system)), bare: median(pairs.map(\.bare)),
            ratio: median(pairs.map { $0.system / $0.bare }))
    }

    /// Submits all tasks in one array. The clock stops when the last task is finished.
    private static func systemRate(_ system: BenchSystem, tasks: Int, round: Int) throws -> Double {
        let connection = try system.connect()
        let bodies = (0..<tasks).map { "{\"type\":\"argon2\",\"input\":{\"string\":\"bench \(round) \($0)\"}}" }
        let start = ContinuousClock.now
        let reply = try connection.post("/tasks", "[\(bodies.joined(separator: ","))]", expecting: 202)
        guard case .array(let accepted)? = reply["tasks"] else {
            throw BenchError("a response of POST /tasks without tasks")
        }
        for task in accepted {
            guard case .string(let id)? = task["task_id"] else { throw BenchError("a task without id") }
            var status: JSONValue? = nil
            while status != .string("completed") {
                status = try connection.get("/task/\(id)?wait=60")["status"]
                if status == .string("failed") { throw BenchError("an argon2 task failed") }
            }
        }
        return Double(tasks) / start.duration(to: .now).inSeconds
    }

    /// Hashes per second of `argon2_ctx` with one thread per core, each with its own memory, as in a worker.
    private static func bareRate(for duration: Duration) -> Double {
        let cores = Int(sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        let total = Monitor(0)
        let start = ContinuousClock.now
        let threads = (0..<cores).map { core in
            NamedThread("bare-\(core)") {
                var count = 0
                while start.duration(to: .now) < duration {
                    hashOnce()
                    count += 1
                }
                total.withLock { $0 += count }
            }
        }
        for thread in threads { thread.join() }
        return Double(total.withLock { $0 }) / start.duration(to: .now).inSeconds
    }

    private static func hashOnce() {
        var password: [UInt8] = Array("correct horse".utf8)
        var salt: [UInt8] = (0..<16).map { _ in UInt8.random(in: 0...255) }
        var hash = [UInt8](repeating: 0, count: 32)
        let code = password.withUnsafeMutableBufferPointer { password in
            salt.withUnsafeMutableBufferPointer { salt in
                hash.withUnsafeMutableBufferPointer { hash in
                    var context = argon2_context()
                    context.out = hash.baseAddress
                    context.outlen = UInt32(hash.count)
                    context.pwd = password.baseAddress
                    context.pwdlen = UInt32(password.count)
                    context.salt = salt.baseAddress
                    context.saltlen = UInt32(salt.count)
                    context.t_cost = passes
                    context.m_cost = memory
                    context.lanes = lanes
                    context.threads = 1
                    context.version = UInt32(ARGON2_VERSION_13.rawValue)
                    return argon2_ctx(&context, Argon2_id)
                }
            }
        }
        precondition(code == 0, "libargon2 refused the parameters: \(code)")
    }
}
