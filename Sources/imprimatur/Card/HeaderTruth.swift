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

    init(_ card: JSON, _ contents: ArtifactContents) {
        let found = CardComparison.contradictions(card: card, files: contents.headers)
        contradictions = found.filter(\.isCertain)
        doubts = found.filter { !$0.isCertain }
        faults = contents.faults
    }

    /// Tells what refuses nothing.
    func warn() {
        for doubt in doubts { Console.warning("card and header differ: \(doubt.line)") }
        for fault in faults { Console.warning(fault.line) }
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

    /// Compares the card that the service holds for a version; nil, with a warning, when it gives none.
    static func comparing(
        _ version: VersionReference, with contents: ArtifactContents, at client: ServiceClient
    ) async throws -> HeaderTruth? {
        guard !contents.headers.isEmpty else { return nil }
        do {
            let envelope = try Envelope(
                json: try await client.get(version.address + "/card").json())
            let card = try CardStatement(
                reading: Statement(parsing: envelope.payload), schema: Cards.schema())
            guard card.model == version.model else {
                throw CommandError("The service's card is of \(card.model).")
            }
            return HeaderTruth(card.card.json, contents)
        } catch {
            Console.warning(
                "the headers of the weights could not be compared with the card: "
                    + CommandError(explaining: error).message)
            return nil
        }
    }
}
