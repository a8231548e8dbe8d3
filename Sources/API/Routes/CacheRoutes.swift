internal import HTTPWire
internal import JSON
internal import Queue

/// `GET /cache/stats` and `POST /cache/clear`.
enum CacheRoutes {
    static let statistics = Route(
        method: .get, path: "/cache/stats", operation: "cache_statistics",
        summary: "Counters of the result cache, for the whole cluster.",
        replies: [
            ReplyDescription(
                status: 200, summary: "The counters.",
                schema: Schemas.object([
                    "hits": Schemas.count, "misses": Schemas.count, "sets": Schemas.count,
                    "evictions": Schemas.count, "entries": Schemas.count,
                    "hit_rate": [
                        "type": "number", "minimum": 0, "maximum": 1,
                        "description": "hits / (hits + misses); 0 if there were no lookups.",
                    ],
                ]))
        ],
        problems: [503], access: .statistics,
        server: .node { (_, services) throws(Problem) in
            .blocking {
                do throws(QueueError) {
                    return .success(APIResponse(200, text(try services.queue.cacheStatistics())))
                } catch {
                    return .failure(Problem(error))
                }
            }
        })

    static let clear = Route(
        method: .post, path: "/cache/clear", operation: "clear_cache",
        summary: "Empties the result cache.",
        replies: [
            ReplyDescription(
                status: 200, summary: "The cache is empty.",
                schema: Schemas.object([
                    "message": ["const": "Cache cleared successfully"],
                    "cleared": Schemas.count,
                ]))
        ],
        problems: [503], access: .administrative,
        server: .node { (request, services) throws(Problem) in
            let act = AdministrativeAct("clear the cache", by: request, services)
            return .blocking {
                do throws(QueueError) {
                    let cleared = try services.queue.clearCache()
                    let body = JSONWriter.object { body in
                        body.member("message", "Cache cleared successfully")
                        body.member("cleared", cleared)
                    }
                    return act.ended(.success(APIResponse(200, body)))
                } catch {
                    return act.ended(.failure(Problem(error)))
                }
            }
        })

    private static func text(_ statistics: CacheStatistics) -> JSONWriter {
        .object { body in
            body.member("hits", statistics.hits)
            body.member("misses", statistics.misses)
            body.member("sets", statistics.sets)
            body.member("evictions", statistics.evictions)
            body.member("entries", statistics.entries)
            body.member("hit_rate", statistics.hitRate)
        }
    }
}
