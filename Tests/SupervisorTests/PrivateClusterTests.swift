import Glibc
import TestSupport
import Testing

@testable import Supervisor

struct PrivateClusterTests {
    @Test func `a new database works, and a second one does not see its tables`() throws {
        let one = try TestDatabase()
        let two = try TestDatabase()
        try one.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (7)")
        #expect(try one.sql("SELECT n FROM t") == "7")
        #expect(throws: (any Error).self) { try two.sql("SELECT n FROM t") }
    }

    @Test func `checksums are on, and the locale is C.UTF-8`() throws {
        let settings = try TestCluster.shared.sql(
            "SELECT current_setting('data_checksums'), current_setting('server_encoding'), datcollate FROM pg_database WHERE datname = 'millrace'"
        )
        #expect(settings == "on|UTF8|C.UTF-8")
    }

    @Test func `a killed server starts again with all committed data`() throws {
        let cluster = TestCluster(maxConnections: 20)
        try cluster.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
        cluster.stop(SIGKILL)
        cluster.start()
        #expect(try cluster.sql("SELECT n FROM t") == "1")
    }

    @Test func `a server that an earlier start left running is found and stopped`() throws {
        let cluster = TestCluster(maxConnections: 20)
        #expect(try cluster.cluster.stopLeftover())
        #expect(try !cluster.cluster.stopLeftover())
        cluster.start()
        #expect(try cluster.sql("SELECT 1") == "1")
    }

    @Test(arguments: [
        (
            "creating configuration files ... ok\nFATAL:  could not write: No space left on device\nremoved",
            "the disk is full"
        ),
        ("The files belong to x.\ninitdb: error: no such locale\ninitdb: removing", "initdb: error: no such locale"),
        ("one\ntwo\nthree\n", "two; three"), ("", ""),
    ])
    func `the reason for a failure is found in the program's output`(output: String, reason: String) {
        #expect(ClusterInitializer.reason(in: output) == reason)
    }
}
