// Which statements a connection has met, so that the second use of a text gets a name and a plan.

/// Prepared statements of one connection, least recently used first out.
struct StatementCache {
    /// One text with its types, rendered once.
    struct Entry {
        let text: String
        let types: [UInt32]
        /// The server-side name, once prepared.
        var name: String?
        var lastUse: UInt64
    }

    private var entries: [String: Entry] = [:]
    private var clock: UInt64 = 0
    private let limit: Int
    let names: Bool

    init(_ kind: ConnectionSettings.Statements) {
        switch kind {
        case .named(let limit): (self.limit, names) = (max(1, limit), true)
        // rendered texts are worth keeping even when plans cannot be
        case .unnamed: (limit, names) = (256, false)
        }
    }

    /// The entry, whether it was known, and the server-side name to drop to make room.
    mutating func look(_ sql: SQL) -> (entry: Entry, isKnown: Bool, evicted: String?) {
        clock += 1
        if let index = entries.index(forKey: sql.template) {
            entries.values[index].lastUse = clock
            return (entries.values[index], true, nil)
        }
        var evicted: String?
        if entries.count >= limit,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            evicted = oldest.value.name
            entries[oldest.key] = nil
        }
        let (text, types) = sql.rendered()
        let entry = Entry(text: text, types: types, name: nil, lastUse: clock)
        entries[sql.template] = entry
        return (entry, false, evicted)
    }

    /// Whether the next use of the statement would prepare it on the server.
    func wouldPrepare(_ sql: SQL) -> Bool {
        names && entries[sql.template].map { $0.name == nil } ?? false
    }

    /// Remembers that a statement is prepared under this name.
    mutating func setName(_ name: String, of sql: SQL) { entries[sql.template]?.name = name }

    /// A name no other statement of this connection has.
    func makeName() -> String { "s\(clock)" }

    /// Forgets every statement: after DISCARD, or when the schema changed under a plan.
    mutating func removeAll() -> Bool {
        defer { entries.removeAll() }
        return entries.values.contains { $0.name != nil }
    }
}
