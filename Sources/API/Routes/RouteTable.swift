internal import Tasks

/// All calls of the API. The calls that the balancer answers are listed for the OpenAPI document.
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
