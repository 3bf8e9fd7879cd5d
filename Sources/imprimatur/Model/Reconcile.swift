// `imprimatur reconcile`: an agent signs what runs in an environment, and hears what of it may not.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Takes, signs and sends a snapshot of an environment.
struct Reconcile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Sign what runs in an environment, and compare it with what may run there.",
        discussion: """
            What runs is every folder below the one that --inventory names, hashed here; or what a JSON \
            file there lists; or the pods in the output of `kubectl get pods -o json`. The snapshot is \
            whole: what it does not list does not run. Exit codes: 0 what runs is what may run, and \
            record and receipt were verified here; 1 something differs, or refused; 2 could not be \
            asked; 64 usage; 75 receipt to come. A warning says of how many things nothing is known \
            but what annotations, images or a list say of them. Pods that are annotated with another \
            environment are in no snapshot: the exit code is 1, unless --allow-elsewhere says that \
            such pods can be there.
            """)

    @Option(help: "The environment.", transform: Parse.environment)
    var environment: EnvironmentName

    @Option(
        help: "The models' namespace; else the one in which you hold the role agent.",
        transform: Parse.namespace)
    var namespace: Namespace?

    @Option(help: ArgumentHelp("A folder of what runs, or a list of it.", valueName: "path"))
    var inventory: String?

    @Option(help: ArgumentHelp("Pods, as kubectl prints them; - for stdin.", valueName: "json"))
    var kubernetes: String?

    @Option(
        help: ArgumentHelp(
            "A folder of what lies on the target and does not run; repeat.", valueName: "dir"))
    var present: [String] = []

    @Flag(help: "Exit 1 unless every digest of what runs was computed here.")
    var requireRecomputed = false

    @Flag(help: "Exit 0 also where pods say that they are of another environment.")
    var allowElsewhere = false

    @OptionGroup var key: SigningKey
    @OptionGroup var root: RootOptions
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard (inventory == nil) != (kubernetes == nil) else {
            throw ValidationError("Give --inventory or --kubernetes.")
        }
    }

    func run() async throws {
        let client = try service.client()
        let trust = try await root.load(for: client)
        let key = try key.load()
        let who = try await Who(asking: client)
        let (namespace, assignment) = try place(who)
        // The time before the first look: nothing that starts while this looks is said to be absent later.
        let takenAt = SystemClock.now()
        let (items, elsewhere) = try items(of: namespace)
        let snapshot = EnvironmentSnapshot(
            origin: who.origin, namespace: namespace, environment: environment,
            source: kubernetes == nil ? .host : .kubernetes, takenAt: takenAt,
            signer: SigningOfficer(
                principal: who.principal, role: .agent, assignment: assignment),
            items: items)
        let envelope = try snapshot.statement.sign(with: [key])
        let answer = try await client.write(
            "/api/v1/namespaces/\(namespace)/environments/\(environment)/snapshots",
            ["statement": envelope.json], key: retry.key)
        let comparison = try verified(answer, envelope, trust)
        try tell(comparison, answer, of: snapshot, elsewhere: elsewhere)
    }

    /// What runs, and how many pods say that they are of another environment.
    private func items(of namespace: Namespace) throws -> ([EnvironmentSnapshot.Item], Int) {
        var items: [EnvironmentSnapshot.Item] = []
        var elsewhere = 0
        if let inventory { items += try HostInventory.items(at: inventory, .running) }
        if let kubernetes {
            let listing = try Files.naming(kubernetes) {
                let list = try JSON(
                    parsing: Files.read(kubernetes),
                    limits: JSON.Limits(bytes: 64 << 20, depth: 64))
                return try KubernetesPods.listing(
                    of: list, in: environment, for: namespace)
            }
            if listing.elsewhere > 0 {
                Console.warning(
                    "not in the snapshot, for they say that they are of another environment than "
                        + "\(environment): \(listing.elsewhere) pods")
            }
            if !listing.unread.isEmpty {
                Console.warning(
                    "listed by their images alone, for their annotations cannot be read or name a "
                        + "model of another namespace than \(namespace): "
                        + listing.unread.joined(separator: ", "))
            }
            items += listing.items
            elsewhere = listing.elsewhere
        }
        for folder in present { items += try HostInventory.items(at: folder, .present) }
        return (items, elsewhere)
    }

    /// Where the caller is an agent.
    private func place(_ who: Who) throws -> (Namespace, SHA256Digest) {
        let held = (who.json["roles"]?.array ?? []).compactMap {
            role -> (NamespacePattern, SHA256Digest)? in
            guard role["role"]?.string == Role.agent.rawValue,
                let pattern = role["namespace"]?.string.flatMap({ NamespacePattern($0) }),
                let digest = role["assignment"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { return nil }
            return (pattern, digest)
        }
        if let namespace {
            if let found = held.first(where: { $0.0.matches(namespace) }) {
                return (namespace, found.1)
            }
        } else if held.count == 1, let only = held.first,
            let exact = Namespace(only.0.description)
        {
            return (exact, only.1)
        }
        let what = namespace.map { "in \($0)" } ?? "in exactly one namespace"
        throw CommandError(
            "\(who.principal) does not hold the role agent \(what).",
            hint: "`imprimatur whoami` lists the roles held; --namespace chooses one.", code: .no)
    }

    /// The comparison, if the log's entry names it and the statement that was sent.
    private func verified(
        _ answer: WriteAnswer, _ envelope: Envelope, _ trust: TrustRoot
    ) throws -> JSON {
        try answer.verifyReceipt(under: trust)
        let entry = try Entry(parsing: SignedEntry(parsing: answer.entryBytes).payload)
        let comparison = answer.result["comparison"] ?? .null
        guard case .environmentObserved(let event) = entry.event,
            event.statement == envelope.payloadDigest,
            event.comparison == SHA256.hash(comparison.canonicalBytes)
        else {
            throw CommandError(
                "The service's answer is not about the snapshot that was sent.",
                hint: "With --idempotency-key the first snapshot sent under that key is answered.")
        }
        return comparison
    }

    private func tell(
        _ comparison: JSON, _ answer: WriteAnswer, of snapshot: EnvironmentSnapshot,
        elsewhere: Int
    ) throws {
        let running = snapshot.items.filter { $0.state == .running }
        let believed = running.count { $0.digest != .recomputed }
        if believed > 0 {
            Console.warning(
                "\(believed) of \(running.count) things that run are known only by what somebody "
                    + "wrote on them: nobody hashed their bytes here")
        }
        let differences = comparison["differences"]?.array ?? []
        let items = comparison["items"]?.integer ?? 0
        for difference in differences where !format.json {
            Console.out(Self.line(difference))
        }
        guard comparison["agrees"]?.bool == true, differences.isEmpty else {
            if format.json { Console.out(answer.json) }
            Console.error(
                "What runs in \(environment) is not what may run there: "
                    + "\(differences.count) differences.")
            throw ExitCode.no
        }
        guard believed == 0 || !requireRecomputed else {
            if format.json { Console.out(answer.json) }
            Console.error("Nothing differs, and not everything that runs was hashed here.")
            throw ExitCode.no
        }
        guard elsewhere == 0 || allowElsewhere else {
            if format.json { Console.out(answer.json) }
            Console.error(
                "Nothing differs, and \(elsewhere) pods say that they are of another environment "
                    + "than \(environment): nobody looked at them.")
            throw ExitCode.no
        }
        try answer.finish(
            "\(environment): \(items) things, nothing differs", json: format.json)
    }

    /// `digest-differs credit/scorecard@3 scorer: runs bb…, permitted aa… by d-1`.
    private static func line(_ difference: JSON) -> String {
        func text(_ name: String) -> String? { difference[name]?.string }
        var parts = [text("kind") ?? ""]
        parts.append(text("version") ?? "(unknown)")
        for name in ["name", "target"] {
            if let value = text(name), !value.isEmpty { parts.append(value) }
        }
        if let found = text("artifact") {
            parts.append("runs \(found) (\(text("digest") ?? "claimed"))")
        }
        for image in difference["images"]?.array ?? [] {
            parts.append("image \(image.string ?? "")")
        }
        if let permitted = text("permitted") { parts.append("permitted \(permitted)") }
        if let deployment = text("deployment") { parts.append("deployment \(deployment)") }
        if let permit = text("permit") { parts.append("permit \(permit)") }
        return parts.joined(separator: "  ")
    }
}
