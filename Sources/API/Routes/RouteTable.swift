internal import Tasks

/// Every call there is. The balancer's own calls are here for the document's sake.
enum RouteTable {
    static func make(_ types: TaskRegistry) -> [Route] {
        types.hashes.map(HashRoute.submit)
            + [
                TasksRoute.submit, ListRoute.list(types), TaskRoute.get, TaskRoute.cancel, AttemptsRoute.list,
                RetryRoute.retry,
            ]
            + [HashesRoute.list(types)]
            + [TypesRoutes.list, TypesRoutes.pause(types), TypesRoutes.resume(types), TypesRoutes.bound(types)]
            + [HealthRoute.get, CacheRoutes.statistics, CacheRoutes.clear, MetricsRoute.get]
            + [DocumentRoute.get(types)]
            + BalancerRoutes.all
    }
}
