// What went wrong in a cryptographic operation, with everything OpenSSL said about it.

internal import COpenSSL

/// A failed operation: never a false signature, which is an answer.
package struct CryptographyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure; stable, for programs.
    package enum Code: String, Sendable, Hashable {
        /// The bytes are not a key, or one whose encoding is not the usual one.
        case malformedKey
        /// A key of an algorithm, curve or size that is not used here.
        case unsupportedKey
        /// The private key is encrypted and no passphrase was given.
        case passphraseNeeded
        /// The private key does not open with this passphrase.
        case wrongPassphrase
        /// A key, nonce or ciphertext of the wrong size, or an input that is too long.
        case badInput
        /// A sealed text was altered, or sealed with another key or other associated data.
        case notAuthentic
        /// The token that keeps the key is not there, does not open, or does not sign.
        case token
        /// OpenSSL could not do its work (for example, no memory).
        case library
    }

    /// One entry of OpenSSL's error queue.
    package struct Cause: Sendable, Hashable {
        /// OpenSSL's packed error number.
        package let number: UInt
        /// Its reason in words; empty when OpenSSL has none.
        package let reason: String
    }

    /// The kind of failure.
    package let code: Code
    /// What happened and what would be right; never contains key material.
    package let message: String
    /// What OpenSSL reported, oldest first; for the log.
    package let causes: [Cause]

    package init(_ code: Code, _ message: String, causes: [Cause] = []) {
        self.code = code
        self.message = message
        self.causes = causes
    }

    package var description: String {
        let reasons = causes.map(\.reason).filter { !$0.isEmpty }
        return reasons.isEmpty ? message : "\(message) (\(reasons.joined(separator: "; ")))"
    }
}

/// OpenSSL's error queue of this thread.
///
/// What one call leaves there, an innocent later call on the same thread (libpq's included) would
/// report as its own. So it is emptied at once.
enum ErrorQueue {
    /// Takes all entries of this thread's queue, oldest first.
    static func drain() -> [CryptographyError.Cause] {
        var causes: [CryptographyError.Cause] = []
        while true {
            let number = ERR_get_error()
            guard number != 0 else { return causes }
            let reason = ERR_reason_error_string(number).map { String(cString: $0) } ?? ""
            causes.append(CryptographyError.Cause(number: number, reason: reason))
        }
    }

    /// Forgets what a call left behind whose failure is an answer (or which succeeded all the same).
    static func clear() {
        ERR_clear_error()
    }
}

/// Insists that a call which answers 1 for success has succeeded.
func require(
    _ status: Int32, _ message: String, _ code: CryptographyError.Code = .library
) throws(CryptographyError) {
    guard status == 1 else {
        throw CryptographyError(code, message, causes: ErrorQueue.drain())
    }
}

/// Insists that a call has given a pointer.
func require<Pointer>(
    _ pointer: Pointer?, _ message: String, _ code: CryptographyError.Code = .library
) throws(CryptographyError) -> Pointer {
    guard let pointer else {
        throw CryptographyError(code, message, causes: ErrorQueue.drain())
    }
    return pointer
}
