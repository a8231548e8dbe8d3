extension Settings {
    /// Checks all variables with a restricted form, so that an invalid one ends a command before it starts anything.
    package func checkAll() throws(SettingsError) {
        for number in [
            Variables.databasePort, Variables.connectionRetries, Variables.connectionLimit, Variables.rateLimitRequests,
            Variables.apiConnections, Variables.queueLimit, Variables.cacheMaxEntries, Variables.nodeCount,
            Variables.workerCount, Variables.wait,
        ] { _ = try value(number) }
        for number in [Variables.apiThreads, Variables.concurrency] { _ = try value(number) }
        for time in [
            Variables.baseBackoff, Variables.rateLimitWindow, Variables.cacheTTL, Variables.idempotencyTTL,
            Variables.resultRetention,
        ] { _ = try value(time) }
        _ = try value(Variables.strategy)
        _ = try value(Variables.logLevel)
        _ = try value(Variables.logFormat)
        _ = try value(Variables.json)
        _ = try value(Variables.keepFailedInput)
    }
}
