import Glibc
import Testing

@testable import Postgres

@Suite struct `The environment of a connection` {
    @Test func `has no variable of libpq's that is not taken away`() async {
        await #expect(processExitsWith: .success) {
            // Of whatever release it is: a variable that a new one brings is met here.
            let known = ConnectionEnvironment.known
            try #require(known.count > 25 && known["hostaddr"] == "PGHOSTADDR")
            let others = ["PGSERVICEFILE", "PGSYSCONFDIR", "PGTZ", "PGDATESTYLE", "PGGEQO", "PGDATA", "PGLOCALEDIR"]
            let names = Array(known.values) + others
            for name in names { unsafe setenv(name, name == "PGPORT" ? "1" : "hostile", 1) }
            let environment = ConnectionEnvironment.take()
            for name in names { #expect(unsafe getenv(name) == nil, "\(name)") }
            #expect(environment.counting == ConnectionEnvironment.counting)
            #expect(Set(environment.ignored + environment.counting) == Set(names))
            // What may count is known to libpq by these keywords.
            for (keyword, value) in environment.keywords {
                let variable = try #require(known[keyword])
                #expect(value == "hostile" && ConnectionEnvironment.counting.contains(variable), "\(keyword)")
            }
            #expect(environment.keywords.count == ConnectionEnvironment.counting.count)
        }
    }

    @Test func `says what a connection string does not say, and no more`() async {
        await #expect(processExitsWith: .success) {
            for (name, value) in [
                ("PGHOST", "elsewhere"), ("PGSSLMODE", "verify-full"), ("PGPASSWORD", "secret"), ("PGSSLCERT", ""),
            ] {
                unsafe setenv(name, value, 1)
            }
            let environment = ConnectionEnvironment.take()
            func keywords(_ text: String, _ environment: ConnectionEnvironment?) throws -> [String: String] {
                let target = try ConnectionTarget(text, completedBy: environment)
                return Dictionary(uniqueKeysWithValues: target.connectionKeywords)
            }
            let url = "postgresql://me@db.example/countersign"
            let completed = try keywords(url, environment)
            #expect(completed["sslmode"] == "verify-full" && completed["password"] == "secret")
            #expect(completed["host"] == "db.example" && completed["sslcert"] == nil)
            #expect(try keywords("\(url)?sslmode=require", environment)["sslmode"] == "require")
            #expect(try keywords(url, nil)["sslmode"] == nil)
            let described = "\(try ConnectionTarget(url, completedBy: environment))"
            #expect(described == "host=db.example dbname=countersign user=me")
            #expect(environment.ignored == ["PGHOST"])
        }
    }
}
