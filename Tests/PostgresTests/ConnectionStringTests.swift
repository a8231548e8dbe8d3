import Postgres
import Testing

struct ConnectionStringTests {
    @Test(arguments: [
        "postgresql://user:secret@host:5432/name", "postgres:///name?host=/run/postgresql", "host=/tmp dbname=x",
        "host=a,b port=5432,5433", "host=a,b port=5432,", "postgresql://[::1]/name?sslmode=require",
    ])
    func `strings that libpq can use are accepted`(text: String) { #expect(PostgresConfiguration.isUsable(text)) }

    @Test(arguments: [
        "", "  ", "name", "postgresql://host:port/name", "postgresql://host:70000/name", "host=a port=0",
        "host='a", "postgresql://host/name?sslmode=maybe", "postgresql://host/name?nothing=1", "postgresql://%zz/",
    ])
    func `strings that libpq cannot use are refused without a connection`(text: String) {
        #expect(!PostgresConfiguration.isUsable(text))
    }
}
