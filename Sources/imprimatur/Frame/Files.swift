// Small files as commands use them: inputs by path, outputs that never overwrite by accident.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Glibc
internal import Governance
internal import Registry

/// Files named on a command line.
enum Files {
    /// A small file; `-` is standard input.
    static func read(_ path: String, limit: Int = 64 << 20) throws -> [UInt8] {
        path == "-" ? try standardInput(limit: limit) : try WholeFile.read(path, limit: limit)
    }

    /// A file that must not exist yet; 0600 when `isSecret`.
    static func create(_ path: String, _ bytes: [UInt8], isSecret: Bool = false) throws {
        do {
            try File.create(path, bytes, mode: isSecret ? 0o600 : 0o644)
        } catch {
            throw CommandError(
                error.description, hint: "Nothing is ever overwritten: choose another name.")
        }
    }

    /// A file, new or in place of an older one.
    static func write(_ path: String, _ bytes: [UInt8]) throws {
        try WholeFile.write(bytes, to: path)
    }

    /// An envelope in a file.
    static func envelope(_ path: String) throws -> Envelope {
        try naming(path) { try Envelope(parsing: read(path)) }
    }

    /// A trust root in a file, with its signatures checked.
    static func root(_ path: String) throws -> TrustRoot {
        try naming(path) { try TrustRoot.verify(Envelope(parsing: read(path, limit: 1 << 20))) }
    }

    /// A public key in PEM.
    static func publicKey(_ path: String) throws -> PublicKey {
        try naming(path) { try PublicKey(pem: read(path, limit: 1 << 20)) }
    }

    /// Certificates in PEM.
    static func certificates(_ path: String) throws -> [Certificate] {
        try naming(path) { try Certificate.all(pem: read(path, limit: 16 << 20)) }
    }

    /// What a sigstore instance is trusted for.
    static func sigstoreRoot(_ path: String) throws -> SigstoreTrustRoot {
        try naming(path) { try SigstoreTrustRoot(parsing: read(path, limit: 16 << 20)) }
    }

    /// Revocation lists in PEM.
    static func revocationLists(_ path: String) throws -> [RevocationList] {
        try naming(path) { try RevocationList.all(pem: read(path, limit: 64 << 20)) }
    }

    /// A private key in PEM, or in the token that the file names; warns when others may read it.
    static func privateKey(_ path: String, passphraseFile: String?) throws -> PrivateKey {
        try naming(path) {
            let bytes = try read(path, limit: 1 << 20)
            if TokenAddress.isAddress(bytes) { return try KeyFile.load(path) }
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & (S_IRWXG | S_IRWXO) != 0 {
                Console.warning("\(path) can be read by others; its mode should be 0600.")
            }
            return try PrivateKey(pem: bytes, passphrase: passphraseFile.map(passphrase))
        }
    }

    /// The public half of a key file of any kind.
    static func publicHalf(_ path: String, passphraseFile: String? = nil) throws -> PublicKey {
        let bytes = try read(path, limit: 1 << 20)
        let isPrivate =
            TokenAddress.isAddress(bytes)
            || String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY")
        return isPrivate
            ? try privateKey(path, passphraseFile: passphraseFile).publicKey
            : try publicKey(path)
    }

    /// The first line of a file.
    static func passphrase(_ path: String) throws -> [UInt8] {
        let line = try read(path, limit: 1 << 16).split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[0]
        guard !line.isEmpty else { throw CommandError("\(path) holds no passphrase.") }
        return Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }

    private static func naming<T>(_ path: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as ArtifactError {
            throw error
        } catch {
            let explained = CommandError(explaining: error)
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

/// `--key` and the passphrase for it.
struct SigningKey: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The private key to sign with: PEM, or a token's address.", valueName: "pem"))
    var key: String

    @Option(help: ArgumentHelp("A file whose first line opens the key.", valueName: "file"))
    var passphraseFile: String?

    /// Reads the key.
    func load() throws -> PrivateKey {
        try Files.privateKey(key, passphraseFile: passphraseFile)
    }
}

/// `--json`.
struct Format: ParsableArguments {
    @Flag(help: "Answer as JSON on standard output.")
    var json = false
}
