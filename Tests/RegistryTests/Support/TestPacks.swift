// Packs of a test: the shipped one with changes, put in force by the custodian.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport

extension TestService {
    /// The files of the shipped pack, with some replaced or added.
    static func packFiles(version: Int = 2, _ changes: [String: String]) throws -> [PackFile] {
        var texts: [String: String] = [:]
        for file in try PackFiles.load(folder: nil) {
            texts[file.path] = String(decoding: file.bytes, as: UTF8.self)
        }
        texts["pack.yaml"] = texts["pack.yaml"]?.replacing(
            "version: 1\n", with: "version: \(version)\n")
        for (path, text) in changes { texts[path] = text }
        return try texts.sorted { $0.key < $1.key }.map { path, text in
            let bytes = Array(text.utf8)
            return try PackFile(path: path, bytes: bytes, tree: StrictYAML.json(bytes))
        }
    }

    /// Puts the shipped pack with changes in force.
    @discardableResult
    func activatePack(
        version: Int = 2, after predecessor: SHA256Digest? = nil, _ changes: [String: String]
    ) async throws -> SHA256Digest {
        let files = try Self.packFiles(version: version, changes)
        let pack = try PolicyPack.parse(files)
        let shipped = try PolicyPack.parse(PackFiles.load(folder: nil)).digest
        let envelope = try PackStatement(
            pack, files: files, origin: origin, predecessor: predecessor ?? shipped
        ).statement.sign(with: [custodian])
        _ = try await registry.activatePolicy(
            envelope, files: PackFiles.document(files), request(administrator))
        return pack.digest
    }
}
