// What travels inside the binary is what lies in the repository.

import Foundation
import Registry
import Testing

@Suite struct `Embedded files` {
    @Test(arguments: ["migrations", "policies", "docs/reference", "docs/examples/scorecard"])
    func `are those of the repository, byte for byte`(folder: String) throws {
        let top = TestService.repository
        let endings = folder == "docs/reference" ? [".json"] : [""]
        var found: [String: [UInt8]] = [:]
        let listing = FileManager.default.enumerator(atPath: "\(top)/\(folder)")
        while let path = listing?.nextObject() as? String {
            guard endings.contains(where: path.hasSuffix), !path.hasPrefix("tests/"),
                path != "training.csv", !File.isFolder("\(top)/\(folder)/\(path)")
            else { continue }
            found[path] = try File.read("\(top)/\(folder)/\(path)", limit: 1 << 22)
        }
        #expect(!found.isEmpty)
        let embedded = Resources.folder(folder)
        #expect(Set(embedded.map(\.path)) == Set(found.keys))
        for file in embedded { #expect(found[file.path] == file.bytes, "\(file.path)") }
    }
}
