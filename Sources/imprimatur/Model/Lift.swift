// `imprimatur lift`: the approvers of a version end its suspension, together.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Lifts a suspension.
struct Lift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lift", abstract: "Lift a suspension by a statement of the approvers.",
        discussion: """
            To lift takes what to approve takes: one person for every role of the tier's quorum, none \
            of them an author, all under one and the same statement. With -o the statement is written \
            with the signatures at hand; `imprimatur statement sign` adds one; --statement sends it. \
            Exit codes: 0 lifted, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Option(help: ArgumentHelp("The suspension, s-….", valueName: "id"))
    var suspension: String?

    @OptionGroup var signing: JointSigning

    func validate() throws { try signing.validate(suspension != nil, "--suspension") }

    func run() async throws {
        let version = signing.version
        try await signing.send(to: "lift") { scene in
            SuspensionLift(
                origin: scene.origin, version: version, restriction: suspension ?? "",
                reason: scene.reason, digests: try scene.status.signedDigests(),
                signers: scene.signers, signedAt: scene.now, expiresAt: scene.expiresAt)
        } tell: { _ in
            "lifted the suspension of \(version)"
        }
    }
}
