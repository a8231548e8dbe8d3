import Testing

/// Checks every state of ``OwnershipModel``.
@Suite struct Ownership {
    struct Exploration {
        let states: [OwnershipModel]
        /// For each state, the states that lead to it.
        private let predecessors: [[Int]]

        /// - Parameter accidents: how many accidents may happen.
        init(accidents: Int, _ rules: OwnershipModel.Rules = .init()) {
            var states = [OwnershipModel(accidents: accidents)]
            var numbers = [states[0]: 0]
            var predecessors: [[Int]] = [[]]
            var next = 0
            while next < states.count {
                for successor in states[next].successors(rules) {
                    if let number = numbers[successor] {
                        predecessors[number].append(next)
                    } else {
                        numbers[successor] = states.count
                        states.append(successor)
                        predecessors.append([next])
                    }
                }
                next += 1
            }
            self.states = states
            self.predecessors = predecessors
        }

        /// Whether each state in which the task is acknowledged has a way to a state in which the task is finished.
        var canAlwaysFinish: Bool {
            var canFinish = states.map(\.isFinished)
            var left = states.indices.filter { canFinish[$0] }
            while let state = left.popLast() {
                for predecessor in predecessors[state] where !canFinish[predecessor] {
                    canFinish[predecessor] = true
                    left.append(predecessor)
                }
            }
            return states.indices.allSatisfy { canFinish[$0] || !states[$0].isAcknowledged }
        }
    }

    @Test
    func `An acknowledged task is never lost, and its result is stored at most once, whatever breaks at any moment`() {
        let all = Exploration(accidents: 3)
        // A model without steps would have every property. So check that there are many states.
        #expect(all.states.count > 10_000)
        #expect(all.states.contains { $0.isFinished })
        #expect(all.states.allSatisfy { $0.isStoredOnce })
        #expect(all.states.allSatisfy { $0.isAccountedFor })
        #expect(all.canAlwaysFinish)
    }

    @Test func `Without both checks (owner and session), a late worker stores a second result`() {
        let all = Exploration(accidents: 2, .init(isOwnerChecked: false, isSessionBound: false))
        #expect(!all.states.allSatisfy { $0.isStoredOnce })
    }

    @Test(arguments: [(true, false), (false, true)])
    func `The check of the owner or of the session is enough by itself`(isOwnerChecked: Bool, isSessionBound: Bool) {
        let all = Exploration(
            accidents: 2, .init(isOwnerChecked: isOwnerChecked, isSessionBound: isSessionBound))
        #expect(all.states.allSatisfy { $0.isStoredOnce })
        #expect(all.canAlwaysFinish)
    }

    @Test func `Without recovery, a task stays with a worker that is gone`() {
        #expect(!Exploration(accidents: 1, .init(recovers: false)).canAlwaysFinish)
    }
}
