// A private key that never leaves its token.
//
// The session stays open. When a signature fails, because the token was pulled out or its connection
// was lost, the session is given up, and that signature and each later one try to open another: the
// service goes on when the token is back. A PIN that the token refused is never sent again, since
// tokens lock themselves after a few.

internal import Synchronization

/// A key in a token.
final class TokenKey: Sendable {
    let publicKey: PublicKey
    private let address: TokenAddress
    private let pin: @Sendable () throws(CryptographyError) -> [UInt8]
    /// Locked after `TokenLibraries.shared`, never before.
    private let state: Mutex<State>

    private enum State {
        case open(TokenSession)
        case lost
        case refused(CryptographyError)
    }

    /// Opens a session and finds the key; throws without ever naming the PIN.
    init(
        _ address: TokenAddress, pin: @escaping @Sendable () throws(CryptographyError) -> [UInt8]
    ) throws(CryptographyError) {
        let secret = try pin()
        let session = try TokenLibraries.shared.withLock {
            (libraries) throws(CryptographyError) in
            try TokenSession(address, pin: secret, in: &libraries)
        }
        publicKey = session.publicKey
        state = Mutex(.open(session))
        self.address = address
        self.pin = pin
    }

    deinit {
        TokenLibraries.shared.withLock { libraries in
            state.withLock { if case .open(let session) = $0 { session.close(in: libraries) } }
        }
    }

    func sign(_ message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        try TokenLibraries.shared.withLock { (libraries) throws(CryptographyError) in
            try state.withLock { (state) throws(CryptographyError) in
                try sign(message, &state, &libraries)
            }
        }
    }

    private func sign(
        _ message: [UInt8], _ state: inout State, _ libraries: inout TokenLibraries
    ) throws(CryptographyError) -> [UInt8] {
        switch state {
        case .refused(let error): throw error
        case .open(let session) where session.isAlive(in: libraries):
            if let signature = try? session.sign(message),
                publicKey.verify(signature, over: message)
            {
                return signature
            }
            session.close(in: libraries)
        case .open, .lost: break
        }
        state = .lost
        let session: TokenSession
        do throws(CryptographyError) {
            session = try open(in: &libraries)
        } catch {
            if error.code == .wrongPassphrase { state = .refused(error) }
            throw error
        }
        do throws(TokenFault) {
            let signature = try session.sign(message)
            // Costs less than the signature, and nothing false gets into the log whatever the token does.
            guard publicKey.verify(signature, over: message) else {
                throw TokenFault.falseSignature
            }
            state = .open(session)
            return signature
        } catch {
            session.close(in: libraries)
            throw CryptographyError(
                .token, "The token “\(address.token)” does not sign (\(error.words)).")
        }
    }

    /// Another session with the same key.
    private func open(
        in libraries: inout TokenLibraries
    ) throws(CryptographyError) -> TokenSession {
        let secret = try pin()
        let session: TokenSession
        do throws(CryptographyError) {
            session = try TokenSession(address, pin: secret, in: &libraries)
        } catch {
            guard error.code == .token, try libraries.restart(address.module) else { throw error }
            session = try TokenSession(address, pin: secret, in: &libraries)
        }
        guard session.publicKey == publicKey else {
            session.close(in: libraries)
            throw CryptographyError(
                .token, "The token “\(address.token)” holds another key than before.")
        }
        return session
    }
}
