// Adds what is missing to Tests/Corpus. Runs only when asked to by IMPRIMATUR_CORPUS=write, and never
// overwrites: what was signed once is what every later release is measured by.

import Attestation
import CanonicalJSON
import Cryptography
import Testing

@testable import Governance

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct CorpusGenerator {
    private static let isWanted =
        ProcessInfo.processInfo.environment["IMPRIMATUR_CORPUS"] == "write"

    @Test(.enabled(if: isWanted, "the corpus is written once, and then only read"))
    func `adds what is missing`() throws {
        try addPack()
        try addDecisions()
        try addEntries()
        try addStatements()
    }

    /// A key that signs and is forgotten: only its public half is kept.
    private func makeKey(_ algorithm: KeyAlgorithm) throws -> PrivateKey {
        let key = try PrivateKey.generate(algorithm)
        try CorpusFolder.keys.add(key.publicKey.id.hex, Array(key.publicKey.pem.utf8))
        return key
    }

    private func addEntries() throws {
        let missing = try CorpusSamples.entries().filter {
            !CorpusFolder.entries.names.contains($0.name)
        }
        guard !missing.isEmpty else { return }
        let key = try makeKey(.ed25519)
        // The first alone, the others as one batch: both forms of the signature are in the corpus.
        let payloads = missing.map(\.entry.canonicalBytes)
        let alone = try SignedEntry.sign(Array(payloads.prefix(1)), with: key)
        let batch =
            payloads.count > 1 ? try SignedEntry.sign(Array(payloads.dropFirst()), with: key) : []
        for (sample, bytes) in zip(missing, alone + batch) {
            try CorpusFolder.entries.add(sample.name, bytes)
        }
    }

    private func addStatements() throws {
        let names = CorpusFolder.statements.names
        guard CorpusSamples.statementNames.contains(where: { !names.contains($0) }) else { return }
        let keys = try [makeKey(.ecdsaP256), makeKey(.ed25519)]
        for (name, envelope) in try CorpusSamples.statements(keys, makeKey(.ecdsaP384)) {
            try CorpusFolder.statements.add(name, envelope.canonicalBytes)
        }
    }

    private func addPack() throws {
        let pack = try ShippedPack.pack()
        let files = try ShippedPack.files().sorted { $0.path < $1.path }.map { file -> JSON in
            [
                "path": .string(file.path), "content": .string(Base64.encode(file.bytes)),
                "tree": file.tree,
            ]
        }
        try CorpusFolder.packs.add(pack.digest.hex, JSON.array(files).canonicalBytes)
    }

    private func addDecisions() throws {
        for (name, decision, facts) in try CorpusSamples.decisions() {
            let json: JSON = ["decision": decision.document, "facts": facts]
            try CorpusFolder.decisions.add(name, json.canonicalBytes)
        }
    }
}
