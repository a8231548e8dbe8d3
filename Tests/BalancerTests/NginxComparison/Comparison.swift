import Glibc
import Synchronization
import TestSupport
import Threading

/// Runs the cases of a stage on nginx and then on the balancer, with the same configuration file.
enum Comparison {
    /// The outcomes of the cases by name.
    typealias Transcripts = [String: Outcome]

    /// The responses to a case.
    struct Outcome {
        /// The lines that are compared.
        var lines: [String] = []
        /// Only the statuses.
        var outline: [String] = []

        static func + (left: Outcome, right: Outcome) -> Outcome {
            Outcome(lines: left.lines + right.lines, outline: left.outline + right.outline)
        }
    }

    static func run(_ stage: Stage) throws -> [Contestant: Transcripts] {
        let folder = TemporaryFolder()
        for name in ["logs", "tmp"] { mkdir(folder.file(name), 0o777) }
        let port = freePort()
        let file = try folder.write(text(stage, folder, port), to: "nginx.conf")
        return try Dictionary(
            uniqueKeysWithValues: Contestant.allCases.map { contestant in
                // Start new nodes for each program, so that both programs begin with nodes in the same state.
                let gate = Gate()
                let nodes = try ["A", "B", "C"].map {
                    try DumpingNode.start($0, at: folder.file("\($0).sock"), behind: gate)
                }
                defer { for node in nodes { node.stop() } }
                let program = try contestant.start(file, prefix: folder.path, port: port)
                let transcripts = try play(stage, port, gate)
                try contestant.stop(program)
                return (contestant, transcripts)
            })
    }

    private static func text(_ stage: Stage, _ folder: TemporaryFolder, _ port: UInt16) -> String {
        let temporary = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map { "\($0)_temp_path tmp/\($0);" }
        var text = """
            \(getuid() == 0 ? "user root;" : "")
            daemon off;
            worker_processes 1;
            pid nginx.pid;
            error_log logs/error.log info;
            events { worker_connections 512; }
            http {
                \(temporary.joined(separator: " "))
                access_log off;
                \(stage.configuration)
            }
            """
        for name in ["A", "B", "C"] { text = text.replacing("%\(name)%", with: "unix:\(folder.file("\(name).sock"))") }
        return text.replacing("%NONE%", with: "unix:\(folder.file("none.sock"))").replacing("%PORT%", with: "\(port)")
    }

    private static func play(_ stage: Stage, _ port: UInt16, _ gate: Gate) throws -> Transcripts {
        if stage.isOrdered {
            return Dictionary(uniqueKeysWithValues: stage.cases.map { ($0.name, play($0, port, gate)) })
        }
        let next = Atomic<Int>(0)
        let transcripts = Mutex<Transcripts>([:])
        let threads = (0..<min(12, stage.cases.count)).map { _ in
            NamedThread("comparison") {
                while case let index = next.wrappingAdd(1, ordering: .relaxed).oldValue, index < stage.cases.count {
                    let outcome = play(stage.cases[index], port, gate)
                    transcripts.withLock { $0[stage.cases[index].name] = outcome }
                }
            }
        }
        for thread in threads { thread.join() }
        return transcripts.withLock { $0 }
    }

    private static func play(_ test: Case, _ port: UInt16, _ gate: Gate) -> Outcome {
        do {
            switch test.act {
            case .conversation(let pieces):
                return try converse(pieces, isUnended: test.isUnended, port)
            case .together(let requests):
                gate.close()
                defer { gate.open() }
                let conversations = try requests.map { request in
                    let conversation = try Conversation(port: port)
                    let held = gate.held
                    conversation.send(request)
                    conversation.listen(orUntil: { gate.held > held })
                    return conversation
                }
                gate.open()
                return zip(conversations, requests).map { conversation, request in
                    conversation.finish()
                    return outcome(of: conversation, [request])
                }.reduce(Outcome(), +)
            case .pause(let time):
                sleepCurrentThread(for: time)
                return Outcome()
            }
        } catch {
            return Outcome(lines: ["(\(error))"])
        }
    }

    private static func converse(_ pieces: [String], isUnended: Bool, _ port: UInt16) throws -> Outcome {
        let conversation = try Conversation(port: port)
        for piece in pieces.dropLast() {
            conversation.send(piece)
            conversation.listen()
        }
        conversation.send((pieces.last ?? "") + (isUnended ? "" : Case.last))
        conversation.finish()
        return outcome(of: conversation, pieces)
    }

    private static func outcome(of conversation: Conversation, _ pieces: [String]) -> Outcome {
        let methods = pieces.joined().split { $0.isNewline }.filter { $0.contains(" HTTP/1.") }
            .map { $0.prefix { $0 != " " } }
        let transcript = Transcript(conversation.received, methods: methods)
        var end: [String] = []
        if conversation.wasWaiting { end.append("(waits for more)") }
        if conversation.isOpen { end.append("(stays open)") }
        return Outcome(lines: transcript.lines + end, outline: transcript.outline + end)
    }
}
