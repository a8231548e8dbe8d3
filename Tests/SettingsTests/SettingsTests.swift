import Testing

@testable import Settings

struct SettingsTests {
    @Test func `the option overrides the environment, the file and the default, in this order`() throws {
        let file = try DotEnv(parsing: "MILLRACE_WORKERS=5\nMILLRACE_API=6")
        let settings = Settings(environment: ["MILLRACE_WORKERS": "4"], file: file)
        #expect(try settings.value(EnvironmentVariables.workerCount, option: "7", "--workers") == 7)
        #expect(try settings.value(EnvironmentVariables.workerCount) == 4)
        #expect(try settings.value(EnvironmentVariables.nodeCount) == 6)
        #expect(try Settings(environment: [:]).value(EnvironmentVariables.nodeCount) == 3)
    }

    @Test func `an empty variable counts as not set`() throws {
        let settings = Settings(environment: ["MILLRACE_ADMIN_TOKEN": "", "RATE_LIMIT_REQUESTS": ""])
        #expect(try settings.value(EnvironmentVariables.adminToken) == nil)
        #expect(try settings.value(EnvironmentVariables.rateLimitRequests) == 100)
    }

    @Test(arguments: ["two words", "a\n", "ä", " "])
    func `an admin token that no client can send is refused, and not shown`(token: String) {
        let settings = Settings(environment: ["MILLRACE_ADMIN_TOKEN": token])
        let error = #expect(throws: SettingsError.self) { try settings.value(EnvironmentVariables.adminToken) }
        #expect(
            error?.description == "MILLRACE_ADMIN_TOKEN: the value is not visible ASCII characters without spaces")
        #expect(error?.code == .configuration)
    }

    @Test(arguments: ["abc", "-1", "1.5", "65", "99999999999999999999"])
    func `an invalid number is reported with its variable and range, and the code for configuration`(value: String) {
        let settings = Settings(environment: ["MILLRACE_WORKERS": value])
        let error = #expect(throws: SettingsError.self) { try settings.value(EnvironmentVariables.workerCount) }
        #expect(error?.description == "MILLRACE_WORKERS: \"\(value)\" is not a whole number from 0 to 64")
        #expect(error?.code == .configuration)
    }

    @Test func `an invalid option is reported with its name and the code for usage`() {
        let settings = Settings(environment: [:])
        let error = #expect(throws: SettingsError.self) {
            try settings.value(EnvironmentVariables.workerCount, option: "many", "--workers")
        }
        #expect(error?.description == "--workers: \"many\" is not a whole number from 0 to 64")
        #expect(error?.code == .usage)
    }

    @Test(arguments: [
        ("0.5", Duration.milliseconds(500)), ("500ms", .milliseconds(500)), ("3s", .seconds(3)), ("1m", .seconds(60)),
    ])
    func `durations have units`(text: String, expected: Duration) throws {
        #expect(
            try Settings(environment: ["DB_BASE_BACKOFF": text]).value(EnvironmentVariables.baseBackoff) == expected)
    }

    @Test(arguments: ["", "nan", "inf", "0x10", "-1", "1e3", "s", "61", "1 m"])
    func `an invalid duration is refused`(text: String) {
        #expect(EnvironmentVariables.baseBackoff.parse(text) == nil)
    }

    @Test(arguments: [
        ("round-robin", StrategySetting.roundRobin), ("round_robin", .roundRobin),
        ("least_connections", .leastConnections), ("Least-Connections", .leastConnections),
    ])
    func `strategies are accepted with dashes and underscores`(text: String, expected: StrategySetting) throws {
        #expect(try Settings(environment: ["LB_STRATEGY": text]).value(EnvironmentVariables.strategy) == expected)
    }

    @Test func `an unknown strategy is refused with the allowed words`() {
        let error = #expect(throws: SettingsError.self) {
            try Settings(environment: ["LB_STRATEGY": "random"]).value(EnvironmentVariables.strategy)
        }
        #expect(error?.description == "LB_STRATEGY: \"random\" is not one of round-robin, least-connections")
    }

    @Test func `the database address comes from DATABASE_URL, otherwise from the DB_ variables, quoted`() throws {
        let parts = [
            "DB_NAME": "my db", "DB_USER": "me", "DB_PASSWORD": #"it's \ secret"#, "DB_HOST": "h", "DB_PORT": "6000",
        ]
        #expect(
            try Settings(environment: parts).databaseAddress()
                == #"host='h' port='6000' dbname='my db' user='me' password='it\'s \\ secret'"#)
        let both = parts.merging(["DATABASE_URL": "postgres://x/y"]) { $1 }
        #expect(try Settings(environment: both).databaseAddress() == "postgres://x/y")
        #expect(try Settings(environment: both).databaseAddress(option: "postgres://o/p") == "postgres://o/p")
        #expect(try Settings(environment: ["DB_PASSWORD": "x"]).databaseAddress() == nil)
    }

    @Test func `without any source a variable has its default`() throws {
        let settings = Settings(environment: [:])
        #expect(try settings.value(EnvironmentVariables.resultRetention) == .seconds(7 * 86400))
        #expect(try settings.value(EnvironmentVariables.cacheTTL) == .seconds(3600))
        #expect(EnvironmentVariables.nodeCount.help == "Number of API nodes [MILLRACE_API; default: 3]")
    }
}
