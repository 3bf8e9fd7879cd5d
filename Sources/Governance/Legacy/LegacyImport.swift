// The signed statement by which two officers bring in models that ran before anybody asked for approval.
//
// An in-toto statement of type https://imprimatur.dev/predicate/legacy-import/v1 about the subject
// {"name":"legacy:credit","digest":{"sha256":SHA-256 of "credit"}} with the predicate
//
//     {"origin":"example.com/log","namespace":"credit","reason":"…",
//      "items":[{"model":"credit/old-scorer","artifact":DIGEST,"environment":"production","dueAt":…}, …],
//      "complianceOfficer":{"principal":"p-…","role":"compliance-officer","assignment":DIGEST},
//      "secondOfficer":{"principal":"p-…","role":ROLE,"assignment":DIGEST},
//      "signedAt":…,"expiresAt":…}
//
// Each item is these bytes in this environment, not approved, due by that time, which lies at most 366 days
// after signing. ROLE is risk-officer or validator. Two sign because an import can permit something that
// nobody approved: as far as the pack says, and until the date. What was imported once is not imported
// again, unless that import no longer counts, and then not for longer: nobody moves a date. For a version
// that one of the two made it counts for nothing: else they could bring in what never ran, and nobody else
// would have looked at it.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// What two officers signed about models that run already.
package struct LegacyImport: PredicateStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/legacy-import/v1"
    /// Roles of the second officer.
    package static let secondRoles: Set<Role> = [.riskOfficer, .validator]
    /// Most items of one import, so that its entry can list them.
    package static let mostItems = 100
    /// How long at most nobody needs to have approved, in seconds.
    package static let longestSeconds: Int64 = 366 * 86_400

    /// These bytes in this place.
    package struct Item: Sendable, Hashable {
        package var model: ModelName
        package var artifact: SHA256Digest
        package var environment: EnvironmentName
        /// By when it has to be approved or gone.
        package var dueAt: Timestamp

        package init(
            model: ModelName, artifact: SHA256Digest, environment: EnvironmentName,
            dueAt: Timestamp
        ) {
            self.model = model
            self.artifact = artifact
            self.environment = environment
            self.dueAt = dueAt
        }

        /// `{"artifact":…,"dueAt":…,"environment":…,"model":…}`.
        package var json: JSON {
            [
                "model": .text(model), "artifact": .digest(artifact),
                "environment": .text(environment), "dueAt": .text(dueAt),
            ]
        }

        /// Whether it is the same bytes in the same place, whatever the date.
        package func isSamePlace(as other: Item) -> Bool {
            model == other.model && artifact == other.artifact && environment == other.environment
        }
    }

    /// The log that the statement is for.
    package var origin: String
    package var namespace: Namespace
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    package var items: [Item]
    package var complianceOfficer: SigningOfficer
    package var secondOfficer: SigningOfficer
    /// As claimed by the signers.
    package var signedAt: Timestamp
    package var expiresAt: Timestamp

    package init(
        origin: String, namespace: Namespace, reason: String, items: [Item],
        complianceOfficer: SigningOfficer, secondOfficer: SigningOfficer, signedAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.origin = origin
        self.namespace = namespace
        self.reason = reason
        self.items = items
        self.complianceOfficer = complianceOfficer
        self.secondOfficer = secondOfficer
        self.signedAt = signedAt
        self.expiresAt = expiresAt
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(kind: "legacy", namespace)
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "namespace": .text(namespace),
            "reason": .string(reason), "items": .array(items.map(\.json)),
            "complianceOfficer": complianceOfficer.json,
            "secondOfficer": secondOfficer.json, "signedAt": .text(signedAt),
            "expiresAt": .text(expiresAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let namespace = reader.parsed("namespace", as: "the name of a namespace") { Namespace($0) }
        let reason = reader.string("reason", length: 1...2_000)
        let items = reader.array("items", count: 1...Self.mostItems) { item in
            item.object { Item(reading: $0) }
        }
        let compliance = reader.object("complianceOfficer") {
            SigningOfficer.read($0, roles: [.complianceOfficer])
        }
        let second = reader.object("secondOfficer") {
            SigningOfficer.read($0, roles: Self.secondRoles)
        }
        let times = reader.signingTimes()
        guard let namespace, let compliance, let second, let times else { return nil }
        self.init(
            origin: origin, namespace: namespace, reason: reason, items: items,
            complianceOfficer: compliance, secondOfficer: second, signedAt: times.signedAt,
            expiresAt: times.expiresAt)
        check(reader)
    }

    private func check(_ reader: JSONReader) {
        func refuse(_ code: String, _ message: String) { reader.refuse("items", code, message) }
        let latest = signedAt.adding(seconds: Self.longestSeconds)
        for (number, item) in items.enumerated() {
            if item.model.namespace != namespace {
                refuse(
                    JSONFinding.Code.value,
                    "\(item.model) is of another namespace than \(namespace).")
            }
            if item.dueAt <= signedAt || latest < item.dueAt {
                refuse(
                    JSONFinding.Code.range,
                    "\(item.model) is due by \(item.dueAt): not after signing, or later than 366 days."
                )
            }
            if items[..<number].contains(where: { $0.isSamePlace(as: item) }) {
                refuse(
                    JSONFinding.Code.duplicate,
                    "\(item.model) with these bytes is in \(item.environment) twice.")
            }
        }
    }

    /// What stands against believing the import; empty when both officers have signed it and may.
    ///
    /// - Parameters:
    ///   - signers: every key whose signature over the statement holds.
    ///   - origin: this log.
    ///   - now: when the log takes or took the statement.
    ///   - authors: who made the version that is to be tolerated; nobody before there is one.
    package func problems(
        signers: Set<KeyID>, chain: TrustChain, origin: String, at now: Timestamp,
        authors: Set<PrincipalID> = []
    ) -> [JSONFinding] {
        var findings: [JSONFinding] = []
        if self.origin != origin {
            findings.append(
                .predicate(
                    "origin", TrustProblem.wrongOrigin.rawValue, TrustProblem.wrongOrigin.sentence))
        }
        if let late = timeProblem(signedAt, expiresAt, at: now) { findings.append(late) }
        let patterns = [NamespacePattern(exactly: namespace)]
        return findings
            + chain.problems(
                of: .init(
                    name: "complianceOfficer", officer: complianceOfficer, patterns: patterns),
                .init(name: "secondOfficer", officer: secondOfficer, patterns: patterns),
                signers: signers, people: authors,
                concerned: ("is-author", "The officer made the version."), at: now)
    }
}

extension LegacyImport.Item {
    init?(reading reader: JSONReader) {
        let model = reader.parsed("model", as: "namespace/name") { ModelName($0) }
        let artifact = reader.digest("artifact")
        let environment = reader.parsed("environment", as: "the name of an environment") {
            EnvironmentName($0)
        }
        let dueAt = reader.time("dueAt")
        guard let model, let artifact, let environment, let dueAt else { return nil }
        self.init(model: model, artifact: artifact, environment: environment, dueAt: dueAt)
    }
}
