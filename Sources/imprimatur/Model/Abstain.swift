// `imprimatur abstain` and `imprimatur recuse`: who might approve a version says not to judge it.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

extension OfficerSigning {
    /// Sends an abstention.
    fileprivate func send(_ meaning: Abstention.Meaning) async throws {
        try await send(to: "abstentions") { scene in
            guard let id = scene.status["request"]?["id"]?.string,
                let nonce = scene.status["request"]?["nonce"]?.string
            else { throw CommandError("The service names no request for \(version).") }
            return Abstention(
                origin: scene.origin, request: .init(id: id, nonce: nonce), version: version,
                artifact: try scene.status.signedDigest("artifact"), meaning: meaning,
                reason: reason, signer: scene.signer, signedAt: scene.now
            )
        } tell: { envelope in
            "\(meaning.rawValue) \(version): \(envelope.payloadDigest)"
        }
    }
}

/// Abstains.
struct Abstain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abstain", abstract: "Put on record that you give no answer.",
        discussion: """
            Exit codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @OptionGroup var options: OfficerSigning

    func run() async throws { try await options.send(.abstain) }
}

/// Recuses oneself.
struct Recuse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recuse",
        abstract: "Put on record that you are not to judge a version, for ever.",
        discussion: """
            Your approvals of the version count no longer, and later ones are refused; objections \
            still count. Exit codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt \
            to come.
            """)

    @OptionGroup var options: OfficerSigning

    func run() async throws { try await options.send(.recuse) }
}
