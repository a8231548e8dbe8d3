internal import Tasks

/// All calls of the API. The calls that the balancer answers are listed for the OpenAPI document.
enum RouteTable {
    /// - Parameter anonymous: what the document says about calls without a key.
    static func make(_ types: TaskRegistry, _ anonymous: AnonymousPolicy) -> [Route] {
        types.hashes.map(HashRoute.submit)
            + [
                TasksRoute.submit, ListRoute.list(types), TaskRoute.get, TaskRoute.cancel, AttemptsRoute.list,
                RetryRoute.retry,
            ]
            + [HashesRoute.list(types)]
            + [TypesRoutes.list, TypesRoutes.pause(types), TypesRoutes.resume(types), TypesRoutes.bound(types)]
            + [HealthRoute.get, CacheRoutes.statistics, CacheRoutes.clear, MetricsRoute.get]
            + [KeyRoutes.list, KeyRoutes.create(types), KeyRoutes.rotate, KeyRoutes.revoke]
            + [DocumentRoute.get(types, anonymous)]
            + BalancerRoutes.all
    }
}
