// Looks at everything that a service rests on and says what is wrong, or will be soon.
//
// It changes nothing and needs no running service. Each check answers ok, warning or fault, with what was
// seen; what cannot be seen from here is `unknown`, and never ok.

package import CanonicalJSON
internal import Cryptography
internal import Database
internal import Glibc
package import Governance
internal import TransparencyLog

/// What one check showed.
package struct Diagnosis: Sendable, Hashable {
    /// How it is.
    package enum State: String, Sendable, Hashable, CaseIterable {
        case ok, unknown, warning, fault
    }

    /// Stable, for programs.
    package let check: String
    package let state: State
    /// What was seen.
    package let detail: String
    /// What to do about it.
    package let hint: String?

    package init(_ check: String, _ state: State, _ detail: String, hint: String? = nil) {
        self.check = check
        self.state = state
        self.detail = detail
        self.hint = state == .ok ? nil : hint
    }

    /// The diagnosis as JSON.
    package var json: JSON {
        [
            "check": .string(check), "state": .string(state.rawValue), "detail": .string(detail),
            "hint": hint.map(JSON.string) ?? .null,
        ]
    }
}

/// One examination.
package struct Doctor: Sendable {
    let directory: DataDirectory
    let settings: StoredSettings
    let root: TrustRoot
    let access: DatabaseAccess
    let now: Timestamp

    /// Fewer days than these until something ends are a warning.
    static let warningDays: Int64 = 30
    /// Fewer days than these until the disk is full are a warning, and a fault.
    static let diskDays = (warning: Int64(90), fault: Int64(14))
    /// How far two clocks may be apart, in milliseconds.
    static let clockSkew = Sequencer.skewMilliseconds

    package init(
        directory: DataDirectory, settings: StoredSettings, root: TrustRoot,
        access: DatabaseAccess, now: Timestamp
    ) {
        self.directory = directory
        self.settings = settings
        self.root = root
        self.access = access
        self.now = now
    }

    /// Runs every check; throws only when the database cannot be asked at all.
    package func examine() async throws -> [Diagnosis] {
        var found = keyFiles() + expiries()
        do {
            try await access.verifySchema()
            found.append(Diagnosis("schema", .ok, "all migrations of this program are applied"))
        } catch let error as DatabaseError where error.kind == .migration {
            found.append(
                Diagnosis("schema", .fault, error.message, hint: "Run `imprimatur migrate`."))
        }
        let connection = DedicatedConnection(access.migrator, label: "doctor")
        try await connection.connect()
        do {
            let record = try await connection.transaction(.snapshot) { db in try layers(db) }
            found.append(record)
            do {
                found += try await connection.transaction(.snapshot) { db in
                    try server(db) + [pin(db), clock(db), keyEncryptionKey(db)] + disk(db)
                        + disposal(db)
                }
            } catch let error as DatabaseError where record.state == .fault {
                // A table that is gone, say: the fault is named already.
                found.append(Diagnosis("database", .fault, "\(error)"))
            }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
        return found
    }

    // MARK: files

    private func keyFiles() -> [Diagnosis] {
        let files = [directory.logKey, directory.serviceKey, directory.permitKey]
        return files.map { path in
            let name = "file." + (path.split(separator: "/").last.map(String.init) ?? path)
            do {
                _ = try KeyFile.load(path)
                return Diagnosis(name, .ok, "\(path) is there, and for its owner alone")
            } catch {
                let hint =
                    error is FileError
                    ? "Its mode must be 0600." : "docs/how-to/rotate-keys.md says what keys may be."
                return Diagnosis(name, .fault, "\(error)", hint: hint)
            }
        }
    }

    private func keyEncryptionKey(_ db: borrowing Connection) throws -> Diagnosis {
        let path = directory.keyEncryptionKey
        let name = try db.oneOrNil("SELECT name FROM personal.kek", as: String.self)
        do {
            let keys = try KeyEncryptionKeys(path: path)
            if File.exists(KeyEncryptionKeys.successor(of: path)) {
                return Diagnosis(
                    "kek", .warning, "an erasure was cut off: \(path).next is still there",
                    hint: "Start the service: it finishes what is missing.")
            }
            guard let name else {
                return Diagnosis("kek", .ok, "\(path) is there; nothing is sealed yet")
            }
            guard keys.names.first?.hex == name else {
                return Diagnosis(
                    "kek", .fault, "the database names \(name), which is not the key at \(path)",
                    hint: "Copy the key of the instance that carried out the last erasure.")
            }
            return Diagnosis("kek", .ok, "\(path) is the key that the database names")
        } catch {
            return Diagnosis(
                "kek", .fault, "\(error)",
                hint: "Without it no personal value can be read or stored.")
        }
    }

    private func expiries() -> [Diagnosis] {
        var found = [expiry("root", "the trust root, version \(root.version)", [root.expiresAt])]
        found.append(expiry("keys.log", "the log's key", root.logKeys.map(\.until)))
        found.append(expiry("keys.service", "the service's key", root.serviceKeys.map(\.until)))
        found.append(expiry("keys.permit", "the permit key", root.permitKeys.map(\.until)))
        return found
    }

    private func expiry(_ check: String, _ what: String, _ ends: [Timestamp]) -> Diagnosis {
        guard let end = ends.max() else {
            return Diagnosis(check, .fault, "the trust root certifies no such key")
        }
        let days = end.milliseconds(since: now) / 86_400_000
        let state: Diagnosis.State =
            end <= now ? .fault : days < Self.warningDays ? .warning : .ok
        return Diagnosis(
            check, state, "\(what) counts until \(end): \(max(days, 0)) days",
            hint: "Have the custodians sign a new trust root.")
    }

    // MARK: database

    private func server(_ db: borrowing Connection) throws -> [Diagnosis] {
        let (fsync, commit, pages, checksums, version) = try db.one(
            """
            SELECT current_setting('fsync'), current_setting('synchronous_commit'),
                   current_setting('full_page_writes'), current_setting('data_checksums'),
                   current_setting('server_version_num')
            """, as: (String, String, String, String, String).self)
        let major = (Int(version) ?? 0) / 10_000
        func setting(_ name: String, _ value: String, _ isSafe: Bool) -> Diagnosis {
            Diagnosis(
                "postgresql.\(name)", isSafe ? .ok : .fault, "\(name) is \(value)",
                hint: "Set \(name) to on: the database may lose what it has committed.")
        }
        return [
            setting("fsync", fsync, fsync == "on"),
            setting("synchronous_commit", commit, commit != "off"),
            setting("full_page_writes", pages, pages == "on"),
            Diagnosis(
                "postgresql.data_checksums", checksums == "on" ? .ok : .warning,
                "data_checksums is \(checksums)",
                hint: "pg_checksums --enable on a stopped server finds corrupted pages early."),
            Diagnosis(
                "postgresql.version",
                major >= PostgresBinaries.oldestVersion ? .ok : .fault, "PostgreSQL \(major)",
                hint: "PostgreSQL \(PostgresBinaries.oldestVersion) or later is needed."),
        ]
    }

    private func layers(_ db: borrowing Connection) throws -> Diagnosis {
        let faults = try AppendOnlyLayers.faults(db)
        return Diagnosis(
            "append-only", faults.isEmpty ? .ok : .fault,
            faults.isEmpty
                ? "triggers, grants and owners of the record are as the migrations made them"
                : faults.joined(separator: "; "),
            hint: "Find out who did it, restore it, and run `imprimatur audit verify --replay`.")
    }

    private func pin(_ db: borrowing Connection) throws -> Diagnosis {
        let check = StartCheck(
            roots: try RootKeeper(directory), pin: Pin(path: settings.pin))
        guard let halt = try check.run(db) else {
            return Diagnosis("pin", .ok, "the database continues what is pinned")
        }
        return Diagnosis(
            "pin", .fault, "\(halt.code.rawValue): \(halt.evidence)",
            hint: "The service starts halted: see docs/how-to/backup.md.")
    }

    private func clock(_ db: borrowing Connection) throws -> Diagnosis {
        let there = Timestamp(try db.one("SELECT clock_timestamp()", as: SQLTimestamp.self))
        let apart = abs(there.milliseconds(since: now))
        let last = try Self.time(at: try Self.size(db) - 1, db)
        if let last, now.adding(milliseconds: Self.clockSkew) < last {
            return Diagnosis(
                "clock", .fault, "the clock says \(now), the last entry \(last)",
                hint: "Set the clock: the service halts while it is behind its own log.")
        }
        return Diagnosis(
            "clock", apart > Self.clockSkew ? .warning : .ok,
            "\(apart) ms apart from the database's", hint: "Synchronise both with NTP.")
    }

    // MARK: disk

    static func size(_ db: borrowing Connection) throws -> Int64 {
        try db.one("SELECT size FROM audit.head", as: Int64.self)
    }

    /// The time in the entry at an index; nil when there is none that can be read.
    static func time(at index: Int64, _ db: borrowing Connection) throws -> Timestamp? {
        let bytes = try db.oneOrNil(
            """
            SELECT e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
            WHERE l.index = \(index)
            """, as: [UInt8].self)
        guard let bytes, let signed = try? SignedEntry(parsing: bytes) else { return nil }
        return try? Entry(parsing: signed.payload).time
    }

    private func disk(_ db: borrowing Connection) throws -> [Diagnosis] {
        let bytes = try db.one(
            """
            SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('audit', 'registry', 'personal') AND c.relkind = 'r'
            """, as: Int64.self)
        let growth = try Growth(db, size: try Self.size(db), bytes: bytes, now: now)
        let said = "\(bytes >> 20) MiB, growing by \(growth.bytesPerDay >> 20) MiB a day"
        guard let cluster = access.cluster else {
            return [
                Diagnosis(
                    "disk", .unknown, said + "; the space that is left is not to be seen from here")
            ]
        }
        var status = statvfs()
        guard statvfs(cluster.layout.dataDirectory, &status) == 0 else {
            return [Diagnosis("disk", .unknown, said)]
        }
        let free = Int64(status.f_bavail) * Int64(status.f_frsize)
        let days = growth.daysUntilFull(free: free)
        let state: Diagnosis.State =
            days < Self.diskDays.fault || free < 256 << 20
            ? .fault : days < Self.diskDays.warning ? .warning : .ok
        let forecast = days > 36_500 ? "no end in sight" : "full in about \(days) days"
        return [
            Diagnosis(
                "disk", state, "\(said); \(free >> 20) MiB are free: \(forecast)",
                hint: "Move the data directory to a larger disk: the log only grows. What may be "
                    + "disposed of, the check `disposal` says.")
        ]
    }

    /// What disposal would free, now and next.
    private func disposal(_ db: borrowing Connection) throws -> [Diagnosis] {
        guard try db.one("SELECT to_regclass('registry.disposal') IS NOT NULL", as: Bool.self)
        else { return [] }
        let forecast = try DisposalForecast(db, now: now)
        let next = forecast.next.flatMap { item in
            item.keptUntil.map {
                "; the next is \(item.version), \(item.bytes >> 10) KiB, from \($0)"
            }
        }
        return [
            Diagnosis(
                "disposal", .ok,
                "\(forecast.dueCount) retired versions are past their period: disposal would free "
                    + "\(forecast.dueBytes >> 10) KiB; \(forecast.heldCount) are held back"
                    + (next ?? ""))
        ]
    }
}

/// How fast a log grows, from its own entries.
struct Growth: Sendable, Hashable {
    /// Bytes a day, over the last week or the whole life of a younger log, but over a day at least.
    let bytesPerDay: Int64

    private static let windowDays: Int64 = 7

    init(bytesPerDay: Int64) { self.bytesPerDay = bytesPerDay }

    /// Finds the first entry of the last week by bisection: times never go back by more than the skew.
    init(
        _ db: borrowing Connection, size: Int64, bytes: Int64, now: Timestamp
    ) throws {
        guard size > 0, let first = try Doctor.time(at: 0, db) else {
            bytesPerDay = 0
            return
        }
        let begin = max(first, now.adding(seconds: -Self.windowDays * 86_400))
        var (low, high) = (Int64(0), size)
        while low < high {
            let middle = (low + high) / 2
            guard let time = try Doctor.time(at: middle, db) else { break }
            if time < begin { low = middle + 1 } else { high = middle }
        }
        let milliseconds = max(now.milliseconds(since: begin), 86_400_000)
        let perEntry = Double(bytes) / Double(size)
        bytesPerDay = Int64(
            Double(size - low) * perEntry * 86_400_000 / Double(milliseconds))
    }

    /// Whole days until `free` bytes are used up.
    func daysUntilFull(free: Int64) -> Int64 {
        bytesPerDay <= 0 ? .max : free / bytesPerDay
    }
}
