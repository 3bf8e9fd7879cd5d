// A session with a token: logged in, with one key found in it.
//
// Private and public half are two objects of the same label or id. The public one gives the point:
// an OCTET STRING in DER by the standard, the bare bytes in some tokens.

internal import CPKCS11

/// An open session. It is used, opened and closed under the lock of `TokenLibraries` only.
struct TokenSession {
    /// The other half of the key.
    let publicKey: PublicKey
    private let module: TokenModule
    private let handle: pk_ulong
    private let key: pk_ulong
    private var functions: UnsafeMutablePointer<pk_functions> { module.functions }

    /// Opens the token and finds the key; throws `.token`, `.wrongPassphrase` for a PIN that the token
    /// refuses, or `.unsupportedKey`, and never names the PIN.
    init(
        _ address: TokenAddress, pin: [UInt8], in libraries: inout TokenLibraries
    ) throws(CryptographyError) {
        module = try libraries.module(at: address.module)
        let functions = module.functions
        let slot = try module.slot(of: address)
        var handle: pk_ulong = 0
        let opened = functions.pointee.C_OpenSession(
            slot, pk_ulong(PK_SERIAL_SESSION), nil, nil, &handle)
        guard opened == pk_ulong(PK_OK) else {
            let words = TokenFault(code: opened).words
            throw CryptographyError(
                .token, "The token “\(address.token)” opens no session (\(words)).")
        }
        self.handle = handle
        do throws(CryptographyError) {
            try Self.logIn(handle, address, pin, functions)
            let search = Search(functions: functions, session: handle, address: address)
            key = try search.object(pk_ulong(PK_CLASS_PRIVATE_KEY), "private")
            let half = try search.object(pk_ulong(PK_CLASS_PUBLIC_KEY), "public")
            publicKey = try search.publicKey(half, type: search.type(of: key))
        } catch {
            _ = functions.pointee.C_CloseSession(handle)
            throw error
        }
    }

    /// Closes the session, unless it has ended with its library.
    func close(in libraries: TokenLibraries) {
        guard libraries.isCurrent(module) else { return }
        _ = functions.pointee.C_CloseSession(handle)
    }

    /// Whether the library has not been initialised anew since.
    func isAlive(in libraries: TokenLibraries) -> Bool { libraries.isCurrent(module) }

    private static func logIn(
        _ handle: pk_ulong, _ address: TokenAddress, _ pin: [UInt8],
        _ functions: UnsafeMutablePointer<pk_functions>
    ) throws(CryptographyError) {
        let code = functions.pointee.C_Login(handle, pk_ulong(PK_USER), pin, pk_ulong(pin.count))
        switch Int(code) {
        // One login counts for all sessions of a process: another key of this token has opened it.
        case Int(PK_OK), Int(PK_USER_ALREADY_LOGGED_IN): return
        case Int(PK_PIN_INCORRECT), Int(PK_PIN_LEN_RANGE), Int(PK_PIN_LOCKED):
            throw CryptographyError(
                .wrongPassphrase,
                "The token “\(address.token)” does not open with the PIN in \(address.pinFile) "
                    + "(\(TokenFault(code: code).words)).")
        default:
            throw CryptographyError(
                .token,
                "The token “\(address.token)” does not open (\(TokenFault(code: code).words)).")
        }
    }

    /// Signs as the algorithm of the key wants it.
    func sign(_ message: [UInt8]) throws(TokenFault) -> [UInt8] {
        guard let digest = publicKey.algorithm.messageDigest else {
            return try sign(message, by: pk_ulong(PK_M_EDDSA))
        }
        // The standard's mechanism takes the hash and gives r and s; everybody else wants DER.
        guard let hash = TokenEncoding.hash(message, by: digest) else {
            throw TokenFault(code: pk_ulong(PK_DEVICE_ERROR))
        }
        let pair = try sign(hash, by: pk_ulong(PK_M_ECDSA))
        guard pair.count.isMultiple(of: 2), let der = TokenEncoding.ecdsaInDER(pair) else {
            throw TokenFault(code: pk_ulong(PK_DEVICE_ERROR))
        }
        return der
    }

    private func sign(_ bytes: [UInt8], by mechanism: pk_ulong) throws(TokenFault) -> [UInt8] {
        var mechanism = pk_mechanism(mechanism: mechanism, parameter: nil, count: 0)
        try TokenFault.check(functions.pointee.C_SignInit(handle, &mechanism, key))
        var signature = [UInt8](repeating: 0, count: 256)
        var count = pk_ulong(signature.count)
        try TokenFault.check(
            functions.pointee.C_Sign(handle, bytes, pk_ulong(bytes.count), &signature, &count))
        return Array(signature.prefix(Int(min(count, 256))))
    }
}

/// Finding objects and reading what they say.
private struct Search {
    let functions: UnsafeMutablePointer<pk_functions>
    let session: pk_ulong
    let address: TokenAddress

    /// The one object of a class under the address.
    func object(_ kind: pk_ulong, _ half: String) throws(CryptographyError) -> pk_ulong {
        var wanted: [(pk_ulong, [UInt8])] = [
            (pk_ulong(PK_A_CLASS), withUnsafeBytes(of: kind, Array.init))
        ]
        if let label = address.object { wanted.append((pk_ulong(PK_A_LABEL), Array(label.utf8))) }
        if let id = address.id { wanted.append((pk_ulong(PK_A_ID), id)) }
        // The values in one buffer, so that all addresses hold for the one call.
        var values = wanted.flatMap(\.1)
        let started = values.withUnsafeMutableBytes { buffer -> pk_ulong in
            var offset = 0
            var attributes = wanted.map { type, value -> pk_attribute in
                defer { offset += value.count }
                return pk_attribute(
                    type: type, value: buffer.baseAddress.map { $0 + offset },
                    count: pk_ulong(value.count))
            }
            return functions.pointee.C_FindObjectsInit(
                session, &attributes, pk_ulong(attributes.count))
        }
        var objects: [pk_ulong] = [0, 0]
        var count: pk_ulong = 0
        do throws(TokenFault) {
            try TokenFault.check(started)
            defer { _ = functions.pointee.C_FindObjectsFinal(session) }
            try TokenFault.check(functions.pointee.C_FindObjects(session, &objects, 2, &count))
        } catch {
            throw CryptographyError(
                .token, "The token “\(address.token)” cannot be searched (\(error.words)).")
        }
        guard count == 1 else {
            throw CryptographyError(
                .unsupportedKey,
                count == 0
                    ? "The token “\(address.token)” holds no \(half) key of this address."
                    : "The token “\(address.token)” holds several \(half) keys of this address: "
                        + "name object and id.")
        }
        return objects[0]
    }

    /// The type of a key.
    func type(of key: pk_ulong) throws(CryptographyError) -> pk_ulong {
        let bytes = try attribute(pk_ulong(PK_A_KEY_TYPE), of: key)
        guard bytes.count == MemoryLayout<pk_ulong>.size else { throw Self.wrongType }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: pk_ulong.self) }
    }

    /// The public half, from its point.
    func publicKey(
        _ object: pk_ulong, type: pk_ulong
    ) throws(CryptographyError) -> PublicKey {
        guard [pk_ulong(PK_KEY_EC), pk_ulong(PK_KEY_EC_EDWARDS)].contains(type) else {
            throw Self.wrongType
        }
        let isEdwards = type == pk_ulong(PK_KEY_EC_EDWARDS)
        let bytes = try attribute(pk_ulong(PK_A_EC_POINT), of: object)
        let algorithms: [KeyAlgorithm] =
            isEdwards ? [.ed25519] : [.ecdsaP256, .ecdsaP384, .ecdsaP521]
        for algorithm in algorithms {
            guard let prefix = algorithm.spkiPrefix, let count = algorithm.spkiCount else {
                continue
            }
            // The first byte of an uncompressed point stands in the prefix already.
            let isBare = isEdwards || bytes.last(count - prefix.count + 1)?.first == 4
            guard isBare, let point = Self.content(bytes, isEdwards ? 0 : 1, count - prefix.count)
            else { continue }
            return try PublicKey(spki: prefix + point)
        }
        throw Self.wrongType
    }

    /// The last bytes of a point of this size, with or without the header of an OCTET STRING.
    private static func content(_ bytes: [UInt8], _ skipped: Int, _ count: Int) -> [UInt8]? {
        let bare = skipped + count
        let header: [UInt8] =
            bare < 128 ? [0x04, UInt8(bare)] : [0x04, 0x81, UInt8(truncatingIfNeeded: bare)]
        let isIt =
            bytes.count == bare
            || (bytes.count == bare + header.count && bytes.starts(with: header))
        return isIt ? Array(bytes.suffix(count)) : nil
    }

    private func attribute(
        _ type: pk_ulong, of object: pk_ulong
    ) throws(CryptographyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 256)
        var count = 0
        let code = bytes.withUnsafeMutableBytes { buffer -> pk_ulong in
            var attribute = pk_attribute(
                type: type, value: buffer.baseAddress, count: pk_ulong(buffer.count))
            defer { count = Int(min(attribute.count, 256)) }
            return functions.pointee.C_GetAttributeValue(session, object, &attribute, 1)
        }
        // A key of RSA has no point: then it is the type that is wrong, not the token.
        guard code == pk_ulong(PK_OK) else { throw Self.wrongType }
        return Array(bytes.prefix(count))
    }

    private static let wrongType = CryptographyError(
        .unsupportedKey,
        "The key in the token is neither Ed25519 nor ECDSA on P-256, P-384 or P-521.")
}

extension Array {
    /// The first of the last `count` elements and those after it; nil when there are fewer.
    fileprivate func last(_ count: Int) -> ArraySlice<Element>? {
        self.count >= count ? suffix(count) : nil
    }
}
