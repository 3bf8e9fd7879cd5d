// A pack with its tests as the commands read it: everything that is wrong, with file, line and column.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands
internal import Registry

/// What a folder holds.
enum PolicyFolder {
    /// The pack of a folder, or of the binary for `-`.
    static func pack(_ folder: String) throws -> PolicyPack {
        let files: [PackFile]
        if folder == "-" {
            files = try PackFiles.load(folder: nil)
        } else {
            let read = try PackFolder.read(folder)
            guard read.unreadable.isEmpty else {
                throw CommandError(
                    "The policy pack is not acceptable.",
                    findings: read.unreadable.map(\.description), code: .no)
            }
            files = read.files
        }
        do {
            return try PolicyPack.parse(files)
        } catch {
            throw CommandError(
                "The policy pack is not acceptable.",
                findings: error.findings.map { $0.place(in: files).text }, code: .no)
        }
    }

    /// The tests of a folder, at least one.
    static func tests(_ folder: String) throws -> [PackTest] {
        let files: [PackFile]
        do {
            files = try PackFolder.tests(folder)
        } catch let error as PackFolder.Unreadable {
            throw CommandError(
                "The tests are not acceptable.", findings: [error.description], code: .no)
        }
        var tests: [PackTest] = []
        var findings: [String] = []
        for file in files {
            do {
                tests += try PackTest.read(file)
            } catch {
                findings += error.findings.map { $0.place(in: [file]).text }
            }
        }
        guard findings.isEmpty else {
            throw CommandError("The tests are not acceptable.", findings: findings, code: .no)
        }
        guard !tests.isEmpty else {
            throw CommandError("There is no test below \(folder)/tests.", code: .no)
        }
        return tests
    }
}
