extension Settings {
    /// Checks the variables that can be invalid. If one is invalid, a command ends before it starts anything.
    package func checkAll() throws(SettingsError) {
        for number in [
            EnvironmentVariables.databasePort, EnvironmentVariables.connectionRetries,
            EnvironmentVariables.connectionLimit, EnvironmentVariables.rateLimitRequests,
            EnvironmentVariables.apiConnections, EnvironmentVariables.queueLimit, EnvironmentVariables.cacheMaxEntries,
            EnvironmentVariables.nodeCount,
            EnvironmentVariables.workerCount, EnvironmentVariables.wait,
        ] { _ = try value(number) }
        for number in [EnvironmentVariables.apiThreads, EnvironmentVariables.concurrency] { _ = try value(number) }
        for time in [
            EnvironmentVariables.baseBackoff, EnvironmentVariables.rateLimitWindow, EnvironmentVariables.cacheTTL,
            EnvironmentVariables.idempotencyTTL,
            EnvironmentVariables.resultRetention,
        ] { _ = try value(time) }
        _ = try value(EnvironmentVariables.adminToken)
        _ = try value(EnvironmentVariables.anonymous)
        _ = try value(EnvironmentVariables.strategy)
        _ = try value(EnvironmentVariables.logLevel)
        _ = try value(EnvironmentVariables.logFormat)
        _ = try value(EnvironmentVariables.json)
        _ = try value(EnvironmentVariables.socketMode)
        _ = try value(EnvironmentVariables.keepFailedInput)
    }
}
