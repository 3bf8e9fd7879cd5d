// Small files as commands use them: inputs by path, outputs that never overwrite by accident.

internal import ArgumentParser
internal import Artifacts
package import Attestation
internal import CanonicalJSON
package import Cryptography
internal import Glibc
package import Governance

/// Files named on a command line.
package enum Files {
    /// A small file; `-` is standard input.
    package static func read(_ path: String, limit: Int = 64 << 20) throws -> [UInt8] {
        path == "-" ? try standardInput(limit: limit) : try WholeFile.read(path, limit: limit)
    }

    /// A file, new or in place of an older one.
    package static func write(_ path: String, _ bytes: [UInt8]) throws {
        try WholeFile.write(bytes, to: path)
    }

    /// An envelope in a file.
    package static func envelope(_ path: String) throws -> Envelope {
        try naming(path) { try Envelope(parsing: read(path)) }
    }

    /// A trust root in a file, with its signatures checked.
    package static func root(_ path: String) throws -> TrustRoot {
        try naming(path) { try TrustRoot.verify(Envelope(parsing: read(path, limit: 1 << 20))) }
    }

    /// A public key in PEM.
    package static func publicKey(_ path: String) throws -> PublicKey {
        try naming(path) { try PublicKey(pem: read(path, limit: 1 << 20)) }
    }

    /// Certificates in PEM.
    package static func certificates(_ path: String) throws -> [Certificate] {
        try naming(path) { try Certificate.all(pem: read(path, limit: 16 << 20)) }
    }

    /// What a sigstore instance is trusted for.
    package static func sigstoreRoot(_ path: String) throws -> SigstoreTrustRoot {
        try naming(path) { try SigstoreTrustRoot(parsing: read(path, limit: 16 << 20)) }
    }

    /// Revocation lists in PEM.
    package static func revocationLists(_ path: String) throws -> [RevocationList] {
        try naming(path) { try RevocationList.all(pem: read(path, limit: 64 << 20)) }
    }

    /// The first line of a file.
    package static func passphrase(_ path: String) throws -> [UInt8] {
        let line = try read(path, limit: 1 << 16).split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[0]
        guard !line.isEmpty else { throw CommandError("\(path) holds no passphrase.") }
        return Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }

    /// Puts the file's name before what is wrong with it.
    package static func naming<T>(_ path: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as ArtifactError {
            throw error
        } catch {
            let explained = CommandError(explainingOffline: error)
            throw CommandError(
                "\(path): \(explained.message)", findings: explained.findings,
                hint: explained.hint)
        }
    }

    private static func standardInput(limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandError("Standard input cannot be read.") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw CommandError("Standard input is longer than \(limit) bytes.")
            }
        }
    }
}

/// `--json`.
package struct Format: ParsableArguments {
    @Flag(help: "Answer as JSON on standard output.")
    package var json = false

    package init() {}
}
