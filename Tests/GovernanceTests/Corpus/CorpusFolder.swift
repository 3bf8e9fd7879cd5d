// The files of Tests/Corpus.

import CanonicalJSON
import Cryptography
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads and, for the generator, adds to the frozen corpus.
enum CorpusFolder: String, CaseIterable {
    case keys, entries, statements, decisions, packs

    private static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/Corpus/"
    }()

    private var path: String { Self.root + rawValue + "/" }

    /// Names of the files, without what follows the last dot.
    var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return files.compactMap { file in
            file.lastIndex(of: ".").flatMap { $0 > file.startIndex ? String(file[..<$0]) : nil }
        }.sorted()
    }

    private var ending: String { self == .keys ? ".pem" : ".json" }

    func read(_ name: String) throws -> [UInt8] {
        Array(try #require(FileManager.default.contents(atPath: path + name + ending)))
    }

    /// Writes a file that does not exist; answers whether it did not.
    @discardableResult
    func add(_ name: String, _ bytes: [UInt8]) throws -> Bool {
        guard !FileManager.default.fileExists(atPath: path + name + ending) else { return false }
        try Data(bytes).write(to: URL(fileURLWithPath: path + name + ending))
        return true
    }

    /// Every key that signed something here.
    static func publicKeys() throws -> [PublicKey] {
        try keys.names.map { try PublicKey(pem: keys.read($0)) }
    }
}
