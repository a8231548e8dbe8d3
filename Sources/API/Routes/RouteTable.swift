internal import Tasks

/// Every call there is. The balancer's own calls are here for the document's sake.
enum RouteTable {
    static func make() -> [Route] {
        TaskRegistry.all.filter(\.isHash).map(HashRoute.submit)
            + [
                TasksRoute.submit, ListRoute.list, TaskRoute.get, TaskRoute.cancel, AttemptsRoute.list,
                RetryRoute.retry,
            ]
            + [HashesRoute.list]
            + [TypesRoutes.list, TypesRoutes.pause, TypesRoutes.resume, TypesRoutes.bound]
            + [HealthRoute.get, CacheRoutes.statistics, CacheRoutes.clear, MetricsRoute.get]
            + [DocumentRoute.get]
            + BalancerRoutes.all
    }
}
