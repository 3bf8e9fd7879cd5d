// A pack with its tests as the commands read it: everything that is wrong, with file, line and column.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands
internal import Registry

/// What a folder holds.
enum PolicyFolder {
    /// The files of a folder, or of the binary for `-`.
    private static func files(_ folder: String) throws -> [PackFile] {
        guard folder != "-" else { return try PackFiles.load(folder: nil) }
        let read = try PackFolder.read(folder)
        guard read.unreadable.isEmpty else {
            throw CommandError(
                "The policy pack is not acceptable.",
                findings: read.unreadable.map(\.description), code: .no)
        }
        return read.files
    }

    /// What is made of a pack's files, or everything that is wrong with them.
    private static func read<T>(
        _ folder: String, _ body: ([PackFile]) throws(PackFindings) -> T
    ) throws -> T {
        let files = try files(folder)
        do {
            return try body(files)
        } catch {
            throw CommandError(
                "The policy pack is not acceptable.",
                findings: error.findings.map { $0.place(in: files).text }, code: .no)
        }
    }

    /// The pack of a folder, or of the binary for `-`.
    static func pack(_ folder: String) throws -> PolicyPack {
        try read(folder) { files throws(PackFindings) in try PolicyPack.parse(files) }
    }

    /// The pack of a folder with what may follow it.
    static func duties(_ folder: String) throws -> SeparationOfDuties {
        try read(folder) { files throws(PackFindings) in try SeparationOfDuties(files) }
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
