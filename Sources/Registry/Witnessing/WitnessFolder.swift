// The folder of a witness: its key, the logs that it knows, and what it cosigned last for each.
//
//     key.pem                     its private Ed25519 key, 0600
//     vkey                        its verifier key, type 0x04; the name is in it
//     lock                        locked while a process uses the folder (flock)
//     logs/<id>/log               origin, then the log's verifier keys, a line each
//     logs/<id>/latest            the checkpoint cosigned last, with the log's signatures and ours;
//                                 empty as long as there is none
//     evidence/<id>-<digest>      requests that the log signed and that contradict what was cosigned
//
// <id> is SHA-256 of the origin in hex, as in the address under which monitors ask.
//
// `latest` is written when the log is added. If it is missing later, what was cosigned is forgotten,
// and a witness that forgets could cosign a second history: the folder is refused then. It is replaced
// whole, flushed with its folder, before the cosignature leaves; it must carry our own cosignature, so
// that nothing else passes for it. A folder set back to an older copy cannot be told from the inside:
// back up the key, never the state, and retire a witness whose state is lost.

internal import Cryptography
internal import Glibc
package import TransparencyLog

/// Why a witness's folder cannot be used.
package struct WitnessFolderError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// What to do about it.
    package let hint: String?

    init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}

/// A witness's folder, held by this process alone as long as the value lives.
package final class WitnessFolder: Sendable {
    /// Where it is.
    package let path: String
    /// The key that cosigns.
    package let cosigner: Cosigner
    private let lock: Int32

    /// A log as the folder has it.
    package struct Log: Sendable {
        /// Origin and keys.
        package let log: WitnessedLog
        /// What was cosigned last.
        package let latest: WitnessState
        /// The checkpoint behind it, with signatures; nil when nothing was cosigned.
        package let note: [UInt8]?
        /// When that was, in seconds since 1970; 0 when never.
        package let cosignedAt: Int64
        /// The file to replace.
        let file: String
    }

    /// Opens a folder that `create` has made; throws also when another process uses it.
    package init(opening path: String) throws {
        self.path = path
        guard File.exists(path + "/vkey") else {
            throw WitnessFolderError(
                "\(path) holds no witness", hint: "Run `imprimatur witness init` first.")
        }
        let descriptor = try Self.takeLock(path)
        do {
            let text = try File.read(path + "/vkey", limit: LogLimits.keyTextBytes)
            let key = try VerifierKey(
                String(
                    decoding: text.last == UInt8(ascii: "\n") ? text.dropLast() : text[...],
                    as: UTF8.self))
            cosigner = try Cosigner(name: key.name, key: KeyFile.load(path + "/key.pem"))
            guard cosigner.verifierKey == key else {
                throw WitnessFolderError("\(path)/key.pem is not the key of \(path)/vkey")
            }
        } catch {
            close(descriptor)
            throw error
        }
        lock = descriptor
    }

    deinit { close(lock) }

    /// Makes a witness with a new key; never over something that exists.
    package static func create(_ path: String, name: KeyName) throws -> VerifierKey {
        if File.exists(path), try !File.isFolder(path) || !File.list(path).isEmpty {
            throw WitnessFolderError("\(path) exists and is not empty; nothing was created")
        }
        try File.makeFolder(path)
        try File.makeFolder(path + "/logs")
        try File.makeFolder(path + "/evidence")
        let key = try PrivateKey.generate(.ed25519)
        let cosigner = try Cosigner(name: name, key: key)
        try KeyFile.create(path + "/key.pem", key)
        try File.create(path + "/lock", [], mode: 0o600)
        // Last: from here on the folder holds a witness.
        try File.replace(
            path + "/vkey", with: Array((cosigner.verifierKey.text + "\n").utf8), mode: 0o644)
        return cosigner.verifierKey
    }

    /// Makes a log known, or gives a known one these keys.
    ///
    /// - Returns: whether the log was new.
    package func add(_ log: WitnessedLog) throws -> Bool {
        _ = try Checkpoint(origin: log.origin, size: 0, root: MerkleTree.emptyRoot)
        guard !log.keys.isEmpty,
            log.keys.allSatisfy({ $0.publicKey != nil && $0.kind != .cosignature })
        else {
            throw WitnessFolderError(
                "the log has no key that can be checked here",
                hint: "Give its verifier keys of type 0x01 or 0x02.")
        }
        let folder = path + "/logs/" + Self.id(ofOrigin: log.origin)
        let isNew = !File.exists(folder + "/log")
        try File.makeFolder(folder)
        if isNew, !File.exists(folder + "/latest") {
            try File.create(folder + "/latest", [], mode: 0o600)
        }
        let lines = [log.origin] + log.keys.map(\.text)
        try File.replace(
            folder + "/log", with: Array((lines.joined(separator: "\n") + "\n").utf8), mode: 0o600)
        return isNew
    }

    /// All known logs; throws when one of them is not whole.
    package func logs() throws -> [Log] {
        try File.list(path + "/logs").filter { File.exists("\(path)/logs/\($0)/log") }
            .map { try read($0) }
    }

    /// Where a log's state is, by its origin.
    package static func id(ofOrigin origin: String) -> String {
        SHA256.hash(Array(origin.utf8)).hex
    }

    private func read(_ id: String) throws -> Log {
        let folder = "\(path)/logs/\(id)"
        let text = try File.read(folder + "/log", limit: 65_536)
        var lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        guard lines.count >= 2, Self.id(ofOrigin: lines[0]) == id else {
            throw WitnessFolderError("\(folder)/log is not a log's origin and keys")
        }
        let origin = lines.removeFirst()
        let log = WitnessedLog(origin: origin, keys: try lines.map { try VerifierKey($0) })
        let file = folder + "/latest"
        guard let note = try File.readIfPresent(file, limit: LogLimits.noteBytes) else {
            throw WitnessFolderError(
                "\(file) is gone: what was cosigned for \(origin) is forgotten",
                hint: "Retire this witness and make a new one with a new key.")
        }
        guard !note.isEmpty else {
            return Log(log: log, latest: .initial, note: nil, cosignedAt: 0, file: file)
        }
        guard let opened = SignedNote.open(note, with: [cosigner.verifierKey]).note,
            let time = opened.verified.first?.timestampSeconds,
            let checkpoint = try? Checkpoint(parsing: opened.text),
            checkpoint.origin.utf8.elementsEqual(origin.utf8)
        else {
            throw WitnessFolderError(
                "\(file) is not a checkpoint of \(origin) that this witness cosigned",
                hint: "Retire this witness and make a new one with a new key.")
        }
        return Log(
            log: log, latest: WitnessState(checkpoint), note: note, cosignedAt: time, file: file)
    }

    private static func takeLock(_ path: String) throws -> Int32 {
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw FileError("open", path + "/lock", reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw WitnessFolderError(
                "another process uses \(path)", hint: "Stop it first: two would cosign twice.")
        }
        return descriptor
    }
}
