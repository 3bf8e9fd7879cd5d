// Private keys in files that nobody else may read: in PEM, or the address of a key in a token.
//
// An address names a library that is then loaded into this process. So an address is followed only
// from a file that belongs to us or to root and that nobody else may read or write: not from one
// that somebody sent.

package import Cryptography
internal import Glibc

/// Reading and writing the files of private keys.
package enum KeyFile {
    /// Reads a private key; refuses a file that group or others may read.
    package static func load(_ path: String, passphrase: [UInt8]? = nil) throws -> PrivateKey {
        let bytes = try secret(path)
        guard TokenAddress.isAddress(bytes) else {
            return try PrivateKey(pem: bytes, passphrase: passphrase)
        }
        try checkOwner(path)
        let address = try TokenAddress(parsing: bytes)
        let pinFile = address.pinFile
        return try PrivateKey(token: address) { () throws(CryptographyError) in
            try pin(pinFile)
        }
    }

    /// The first line of a secret file.
    private static func pin(_ path: String) throws(CryptographyError) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try secret(path)
        } catch {
            throw CryptographyError(.token, "The PIN of the token: \(error.description).")
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard (1...255).contains(line.count) else {
            throw CryptographyError(
                .token, "The PIN of the token: the first line of \(path) holds none.")
        }
        return Array(line)
    }

    private static func checkOwner(_ path: String) throws(FileError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError("read", path, errno: errno) }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw FileError(
                "use", path,
                reason: "it belongs to somebody else, and it names a library to be loaded")
        }
    }

    /// Reads a secret file; refuses one that group or others may read.
    package static func secret(_ path: String) throws(FileError) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError("read", path, errno: errno) }
        guard status.st_mode & (S_IRWXG | S_IRWXO) == 0 else {
            throw FileError(
                "use", path, reason: "others may read it; its mode must be 0600 or stricter")
        }
        return try File.read(path, limit: 1 << 20)
    }

    /// Writes a new private key file of mode 0600.
    package static func create(_ path: String, _ key: PrivateKey) throws {
        try File.create(path, key.pem(), mode: 0o600)
    }
}
