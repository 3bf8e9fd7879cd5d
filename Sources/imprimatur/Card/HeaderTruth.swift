// Whether a card says of the weights what their headers say, for the commands that have both.

internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import ModelFormats
internal import OfflineCommands

/// A card beside the headers of the files that it describes.
struct HeaderTruth {
    /// What the two certainly say differently.
    let contradictions: [Contradiction]
    /// What free text in a header says differently.
    let doubts: [Contradiction]
    private let faults: [ArtifactContents.Fault]
    /// The files that are broken and gave no header: what they say is not known.
    private let unread: [String]
    /// The bytes that the card is about, when they are others than those at hand.
    private var other: SHA256Digest?

    init(_ card: JSON, _ contents: ArtifactContents) {
        let found = CardComparison.contradictions(card: card, files: contents.headers)
        contradictions = found.filter(\.isCertain)
        doubts = found.filter { !$0.isCertain }
        faults = contents.faults
        let read = Set(contents.headers.map(\.path))
        unread = Set(contents.faults.filter { $0.inside == nil }.map(\.path)).subtracting(read)
            .sorted()
    }

    /// What the gate is told: what was found, or that nothing was found in all there is; nil when
    /// something could not be looked at, for then nobody knows.
    var told: [Contradiction]? {
        guard other == nil else { return nil }
        return unread.isEmpty || !contradictions.isEmpty ? contradictions : nil
    }

    /// Tells what refuses nothing.
    func warn() {
        if let other {
            return Console.warning(
                "the headers were not compared with the card: it is about the artifact \(other)")
        }
        for doubt in doubts { Console.warning("card and header differ: \(doubt.line)") }
        for fault in faults { Console.warning(fault.line) }
        guard !unread.isEmpty else { return }
        Console.warning(
            "not compared with the card, for no header could be read: "
                + unread.joined(separator: ", "))
    }

    /// Refuses to take a yes for bytes of which the service showed a card that is about others.
    func requireSameBytes() throws {
        guard let other else { return }
        throw CommandError(
            "The service allows these bytes, and its card is about others, \(other).",
            hint: "`imprimatur audit verify` says whether the service's records are as they were.")
    }

    /// Refuses a card that the headers contradict.
    func require(of card: String) throws {
        warn()
        guard contradictions.isEmpty else {
            throw CommandError(
                "\(card) says something else than the headers of the weights.",
                findings: contradictions.map(\.line),
                hint: "Mend the card or the files; `artifact inspect` shows their headers.",
                code: .no)
        }
    }

    /// Compares the card that the service holds for a version; nil with nothing to compare.
    ///
    /// When the service gives no card that can be read nobody knows whether it is contradicted: no
    /// silence of the service's shall open a gate.
    ///
    /// - Parameter artifact: the digest of the bytes at hand.
    static func comparing(
        _ version: VersionReference, of artifact: SHA256Digest, with contents: ArtifactContents,
        at client: ServiceClient
    ) async throws -> HeaderTruth? {
        guard !(contents.headers.isEmpty && contents.faults.isEmpty) else { return nil }
        do {
            let envelope = try Envelope(
                json: try await client.get(version.address + "/card").json())
            let card = try CardStatement(
                reading: Statement(parsing: envelope.payload), schema: Cards.schema())
            guard card.model == version.model else {
                throw CommandError("The service's card is of \(card.model).")
            }
            var truth = HeaderTruth(card.card.json, contents)
            // Other bytes than those approved: the gate is to say so.
            if card.artifact != artifact { truth.other = card.artifact }
            return truth
        } catch {
            let reason = CommandError(explaining: error)
            throw CommandError(
                "The headers of the weights could not be compared with the card: \(reason.message)",
                findings: reason.findings, hint: reason.hint)
        }
    }
}
