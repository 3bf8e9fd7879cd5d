import Database
import TestSupport
import Testing

private enum Table: String, CaseIterable {
    case odd = "odd \"name\""
}

@Suite struct SQLTests {
    @Test func `values become numbered placeholders and never show`() {
        let secret = "o'Neill; DROP TABLE card"
        let sql: SQL = "SELECT \(1), \(secret) WHERE \(true)"
        #expect(sql.description == "SELECT $1, $2 WHERE $3")
    }

    @Test func `a nested clause is numbered within the whole`() {
        let clause: SQL = "owner = \("a") AND size > \(3)"
        let sql: SQL = "SELECT 1 WHERE id = \(7) AND (\(clause)) LIMIT \(2)"
        #expect(
            sql.description == "SELECT 1 WHERE id = $1 AND (owner = $2 AND size > $3) LIMIT $4")
    }

    @Test func `fragments join with their values`() {
        let clauses: [SQL] = ["a = \(1)", "b", "c = \("x")"]
        #expect(SQL(joining: clauses, with: " AND ").description == "a = $1 AND b AND c = $2")
        #expect(SQL(joining: [], with: ", ").description == "")
    }

    @Test func `a name out of an enum is quoted`() {
        let sql: SQL = "SELECT 1 FROM \(identifier: Table.odd)"
        #expect(sql.description == "SELECT 1 FROM \"odd \"\"name\"\"\"")
    }

    @Test(arguments: [
        (
            "postgresql://bob:geheim@db.example:6543/reg?sslmode=require", "bob", "db.example",
            "6543"
        ),
        ("host=/run/pg port=5433 user=ann password=geheim dbname=reg", "ann", "/run/pg", "5433"),
        ("postgresql://eve:geheim@%2Frun%2Fpg/reg?port=1", "eve", "/run/pg", "1"),
    ])
    func `a database URL is understood and its password never shown`(
        text: String, user: String, host: String, port: String
    ) throws {
        let url = try DatabaseURL(parsing: text)
        #expect(url.user == user)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.database == "reg")
        #expect(url.hasPassword)
        for shown in ["\(url)", String(reflecting: url), String(describing: [url])] {
            #expect(!shown.contains("geheim"))
        }
        var dumped = ""
        dump(url, to: &dumped)
        #expect(!dumped.contains("geheim"))
        #expect(!url.with(user: "other").hasPassword)
    }

    @Test(arguments: [
        "", "geheim", "postgresql://u@h/x?unknown=geheim", "password=geheim nonsense",
    ])
    func `what is no database URL is refused without quoting it`(text: String) throws {
        let error = #expect(throws: DatabaseError.self) { try DatabaseURL(parsing: text) }
        #expect(error?.kind == .configuration)
        #expect(error?.debugDescription.contains("geheim") == false)
    }
}
