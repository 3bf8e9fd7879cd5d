// `imprimatur audit verify`: chain, tree, checkpoints, signatures and stored bytes, against the pin.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands
internal import Registry

/// Verifies the whole log in the database.
struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify the whole log in the database; name what is wrong.",
        discussion: """
            Exit codes: 0 intact, and something outside the database says so; 1 tampered; 2 could \
            not decide: the database cannot be read, or nothing outside of it confirms the log; 64 \
            usage.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(
        help: ArgumentHelp("Rely on this trust root instead of the service's.", valueName: "file"))
    var root: String?

    @Flag(help: "Replay the log too, and compare every row.")
    var replay = false

    @Option(
        help: ArgumentHelp(
            "A checkpoint or receipt that you kept: more that is known outside the database.",
            valueName: "file"))
    var anchor: [String] = []

    @Option(
        help: ArgumentHelp(
            "Begin at this checkpoint or receipt of yours instead of at the first entry.",
            valueName: "file"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "Begin where this file says that the last verification ended, and keep the new end there.",
            valueName: "file"))
    var state: String?

    @Option(
        help: ArgumentHelp(
            "Begin the replay with the rows in this file where the log has their digest; keep them there.",
            valueName: "file"))
    var replayState: String?

    @OptionGroup var format: Format

    func validate() throws {
        guard replay || replayState == nil else {
            throw ValidationError("--replay-state goes with --replay.")
        }
        guard from == nil || state == nil else {
            throw ValidationError("Give --from or --state, not both.")
        }
    }

    func run() async throws {
        let (report, replayed) = try await audit(Sources(self))
        Console.endProgress()
        if let state, let reached = report.state {
            try Files.write(state, reached.json.canonicalBytes)
        }
        if format.json {
            var members = report.json.object ?? [:]
            if let replayed { members["replay"] = replayed.json }
            Console.out(.object(members))
        } else {
            describe(report)
            if let replayed { AuditText.describe(replayed) }
        }
        if report.verdict == .tampered || replayed?.isEqual == false { throw ExitCode.no }
        if report.verdict == .unanchored { throw ExitCode.undecided }
    }

    /// What the log is compared with.
    private struct Sources {
        let trust: RootHistory
        let pin: Pin
        let kept: [KeptCheckpoint]
        let from: AuditState?

        init(_ command: AuditVerify) throws {
            let database = command.database
            trust =
                try command.root.map { RootHistory(try Files.root($0)) } ?? database.rootHistory()
            pin = Pin(path: try database.settings().pin)
            kept = try command.anchor.map { path in
                KeptCheckpoint(
                    note: try AuditState(parsing: Files.read(path, limit: 1 << 20)).checkpoint,
                    source: path)
            }
            let begin = command.from ?? command.state.flatMap { File.exists($0) ? $0 : nil }
            from = try begin.map { try AuditState(parsing: Files.read($0, limit: 1 << 20)) }
        }
    }

    private func audit(_ sources: Sources) async throws -> (AuditReport, ReplayReport?) {
        let (replay, replayState) = (replay, replayState)
        return try await database.withAccess { access in
            let report = try await Auditing.verify(
                access.migrator, history: sources.trust, pin: sources.pin, kept: sources.kept,
                from: sources.from, progress: AuditText.progress)
            guard replay else { return (report, nil) }
            let replayed = try await Auditing.replay(
                access.migrator, history: sources.trust,
                anchored: report.verdict == .intact ? report.anchor?.size : nil,
                state: replayState, progress: AuditText.progress)
            return (report, replayed)
        }
    }

    private func describe(_ report: AuditReport) {
        for note in report.notes { Console.warning(note) }
        if report.from > 0 { Console.note("begun at \(report.from)") }
        AuditText.list(report.findings)
        for erasure in report.erasures { Console.out(erasure.sentence) }
        for disposal in report.disposals { Console.out(disposal.sentence) }
        let rate = report.seconds > 0 ? Int64(Double(report.entriesChecked) / report.seconds) : 0
        Console.out(
            "\(report.verdict.rawValue): \(report.size) entries of \(report.origin)\n"
                + "root \(report.root)\n\(report.anchored)")
        Console.note(
            "\(report.entriesChecked) entries, \(report.documentsChecked) documents, "
                + "\(report.checkpointsChecked) checkpoints checked; \(rate) entries/s")
    }
}

/// What verify and replay print alike.
enum AuditText {
    /// Shows how far an audit is.
    static let progress: @Sendable (AuditProgress) -> Void = { progress in
        let percent = progress.total > 0 ? progress.done * 100 / progress.total : 100
        Console.progress("\(progress.done) of \(progress.total) entries, \(percent) %")
    }

    /// Lists findings on standard error.
    static func list(_ findings: AuditFindings) {
        guard !findings.isEmpty else { return }
        Console.error("\(findings.total) findings:")
        for finding in findings.kept {
            Console.note(
                "  - \(finding.kind.rawValue) in \(finding.table)\(place(finding)): "
                    + "\(finding.message); \(anchor(finding))")
            for column in finding.columns {
                Console.note(
                    "      \(column.name): \(column.live ?? "absent"), by the log "
                        + (column.replayed ?? "absent"))
            }
        }
        let more = findings.total - findings.kept.count
        if more > 0 { Console.note("  and \(more) more") }
    }

    private static func place(_ finding: AuditFinding) -> String {
        switch finding.place {
        case .whole: ""
        case .index(let index): " at index \(index)"
        case .id(let id): " row \(id)"
        case .key(let key): " row \(key)"
        }
    }

    private static func anchor(_ finding: AuditFinding) -> String {
        switch finding.anchor {
        case .contradicts(let size): "contradicts size \(size), which is anchored"
        case .unanchored: "unanchored, cannot be attributed"
        }
    }

    /// Prints what a replay found.
    static func describe(_ report: ReplayReport) {
        for note in report.notes { Console.warning(note) }
        list(report.findings)
        let rows = report.rows.values.reduce(0, +)
        Console.out(
            "\(report.isEqual ? "equal" : "different"): \(report.entriesReplayed) entries replayed, "
                + "\(rows) rows in \(report.rows.count) tables compared, "
                + "\(report.digestsChecked) digests in the log compared")
        if report.decisionsDisposed > 0 {
            Console.out(
                "\(report.decisionsDisposed) decisions cannot be made again: what they decided on was "
                    + "disposed of")
        }
    }
}
