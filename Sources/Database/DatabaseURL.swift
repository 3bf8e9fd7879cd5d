// Where a database is and as whom to reach it, without ever showing a password.
internal import CLibPQ

/// Connection parameters out of a `postgresql://` URL or a `key=value` string.
package struct DatabaseURL: Sendable, Hashable {
    private var parameters: [String: String]

    /// Parses with libpq's own parser, so that all it knows is understood.
    package init(parsing text: String) throws(DatabaseError) {
        guard !text.isEmpty, text.utf8.count <= 8192, !text.utf8.contains(0) else {
            throw DatabaseError(
                .configuration, "a database URL has 1 to 8192 bytes and no NUL")
        }
        var message: UnsafeMutablePointer<CChar>?
        defer { PQfreemem(message) }
        guard let options = PQconninfoParse(text, &message) else {
            // libpq's message can quote the text, and with it a password
            throw DatabaseError(
                .configuration,
                "not a database URL: write postgresql://user@host:5432/name or host=… dbname=…")
        }
        defer { PQconninfoFree(options) }
        parameters = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                parameters[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
    }

    /// A server on a Unix socket in a directory; nothing is taken from the environment.
    package init(socketDirectory: String, port: Int = 5432, user: String, database: String) {
        parameters = [
            "host": socketDirectory, "port": String(port), "user": user, "dbname": database,
            "sslmode": "disable", "gssencmode": "disable", "target_session_attrs": "any",
            "options": "",
        ]
    }

    package var host: String? { parameters["host"] }
    package var port: String? { parameters["port"] }
    package var user: String? { parameters["user"] }
    package var database: String? { parameters["dbname"] }
    /// One parameter as libpq names it.
    func parameter(_ name: String) -> String? { parameters[name] }
    /// Whether a password is part of the URL.
    package var hasPassword: Bool { parameters["password"] != nil }

    /// The same server as another role; a password belongs to its role and is dropped.
    package func with(user: String) -> DatabaseURL {
        var copy = self
        if user != self.user { copy.parameters["password"] = nil }
        copy.parameters["user"] = user
        return copy
    }

    /// The same server and role, another database.
    package func with(database: String) -> DatabaseURL {
        var copy = self
        copy.parameters["dbname"] = database
        return copy
    }

    /// Keywords and values for libpq: the URL's, then ours where the URL is silent.
    func connectionParameters(
        applicationName: String, options: String
    ) -> (keywords: [String], values: [String]) {
        var all = parameters
        let defaults = [
            "application_name": applicationName, "connect_timeout": "10", "keepalives_idle": "30",
            "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "30000",
        ]
        all.merge(defaults) { given, _ in given }
        all["client_encoding"] = "UTF8"
        if !options.isEmpty {
            let given = all["options"] ?? ""
            // ours first: what the URL says later wins
            all["options"] = given.isEmpty ? options : options + " " + given
        }
        if all["options"]?.isEmpty == true, options.isEmpty { all["options"] = nil }
        let keys = all.keys.sorted()
        return (keys, keys.map { all[$0] ?? "" })
    }
}

extension DatabaseURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Role, host, port and database; no password and no other parameter.
    package var description: String {
        "postgresql role \(user ?? "default") at \(host ?? "default host"):\(port ?? "5432")"
            + " database \(database ?? "default")"
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
