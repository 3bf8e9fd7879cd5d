// The library of a token's maker, as PKCS #11 describes it: loaded once, initialised, and asked.
//
// OpenSSL 3.0 reaches tokens through engines, which it deprecates, and the one that Debian ships does
// not sign with Ed25519, as the log does. So we speak with the library ourselves (ADR 13).

internal import CPKCS11
internal import Glibc
internal import Synchronization

/// What a call of the library answered, when that is not success.
struct TokenFault: Error {
    let code: pk_ulong

    /// The standard's word for the codes that people meet, and the number.
    var words: String {
        let name = Self.names[Int32(truncatingIfNeeded: code)]
        let number = "0x" + String(code, radix: 16, uppercase: true)
        return name.map { "\($0), CKR \(number)" } ?? "CKR \(number)"
    }

    private static let names: [Int32: String] = [
        Int32(PK_DEVICE_ERROR): "device error",
        Int32(PK_DEVICE_REMOVED): "device removed",
        Int32(PK_KEY_TYPE_INCONSISTENT): "the key is of another type",
        Int32(PK_KEY_FUNCTION_NOT_PERMITTED): "the key is not permitted to sign",
        Int32(PK_MECHANISM_INVALID): "the token does not know the algorithm",
        Int32(PK_OBJECT_HANDLE_INVALID): "the key is gone",
        Int32(PK_PIN_INCORRECT): "PIN incorrect",
        Int32(PK_PIN_LEN_RANGE): "the PIN is too short or too long",
        Int32(PK_PIN_LOCKED): "PIN locked",
        Int32(PK_SESSION_HANDLE_INVALID): "the session has ended",
        Int32(PK_SIGNATURE_INVALID): "its signature is false",
        Int32(PK_TOKEN_NOT_PRESENT): "token not present",
        Int32(PK_USER_NOT_LOGGED_IN): "not logged in",
    ]

    /// The token signed, but not this message or not with this key.
    static let falseSignature = TokenFault(code: pk_ulong(PK_SIGNATURE_INVALID))

    /// Throws for every answer but success.
    static func check(_ code: pk_ulong) throws(TokenFault) {
        guard code == pk_ulong(PK_OK) else { throw TokenFault(code: code) }
    }
}

/// The libraries that this process has loaded. Whoever calls one holds this lock: initialising is no
/// affair of one key alone, and three keys that wait for each other are no burden.
struct TokenLibraries {
    static let shared = Mutex(TokenLibraries())

    private var modules: [String: TokenModule] = [:]
    /// How often a library was initialised: sessions and objects of an earlier time are no more, and
    /// their numbers may be those of others now.
    private var generation = 0
    private var restarted: ContinuousClock.Instant?
    /// How often a library is initialised anew at most, while a token is away.
    private static let restartInterval = Duration.seconds(1)

    /// The library at a path, loaded and initialised.
    mutating func module(at path: String) throws(CryptographyError) -> TokenModule {
        if let module = modules[path] { return module }
        generation += 1
        let module = try TokenModule(path: path, generation: generation)
        modules[path] = module
        return module
    }

    /// Initialises a library anew: some see a token that was away only then. This ends all sessions, and
    /// every key opens another one when it signs next. False when that was tried just now.
    mutating func restart(_ path: String) throws(CryptographyError) -> Bool {
        let now = ContinuousClock.now
        if let restarted, now - restarted < Self.restartInterval { return false }
        guard let old = modules.removeValue(forKey: path) else { return false }
        restarted = now
        _ = old.functions.pointee.C_Finalize(nil)
        _ = try module(at: path)
        return true
    }

    /// Whether a session of this library is still one.
    func isCurrent(_ module: TokenModule) -> Bool {
        modules.values.contains { $0.generation == module.generation }
    }
}

/// A loaded library.
struct TokenModule: @unchecked Sendable {  // a list only read, which lives as long as the process
    // Whoever calls one of the functions holds the lock of `TokenLibraries`.
    let functions: UnsafeMutablePointer<pk_functions>
    /// Of which initialisation it is.
    let generation: Int

    /// Loads and initialises.
    fileprivate init(path: String, generation: Int) throws(CryptographyError) {
        // Never closed: libraries of tokens keep threads and handlers of their own.
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(library, "C_GetFunctionList")
        else {
            throw CryptographyError(
                .token, "\(path) is no PKCS #11 library that can be loaded.")
        }
        let list = unsafeBitCast(symbol, to: pk_get_function_list.self)
        var functions: UnsafeMutablePointer<pk_functions>?
        guard list(&functions) == pk_ulong(PK_OK), let functions,
            functions.pointee.version.major >= 2
        else {
            throw CryptographyError(.token, "\(path) does not speak PKCS #11 version 2 or later.")
        }
        self.functions = functions
        self.generation = generation
        var arguments = pk_initialize_args()
        arguments.flags = pk_ulong(PK_OS_LOCKING_OK)
        let code = functions.pointee.C_Initialize(&arguments)
        guard code == pk_ulong(PK_OK) || code == pk_ulong(PK_ALREADY_INITIALIZED) else {
            throw CryptographyError(
                .token, "\(path) could not be initialised (\(TokenFault(code: code).words)).")
        }
    }

    /// The slot of the one token that an address names.
    func slot(of address: TokenAddress) throws(CryptographyError) -> pk_ulong {
        var slots = [pk_ulong](repeating: 0, count: 256)
        var count = pk_ulong(slots.count)
        do throws(TokenFault) {
            try TokenFault.check(functions.pointee.C_GetSlotList(1, &slots, &count))
        } catch {
            throw CryptographyError(.token, "The tokens cannot be listed (\(error.words)).")
        }
        var found: [pk_ulong] = []
        for slot in slots.prefix(Int(min(count, 256))) {
            var info = pk_token_info()
            guard functions.pointee.C_GetTokenInfo(slot, &info) == pk_ulong(PK_OK) else { continue }
            let hasSerial = address.serial.map { $0 == Self.text(info.serial) } ?? true
            if hasSerial, Self.text(info.label) == address.token { found.append(slot) }
        }
        guard found.count == 1 else {
            throw CryptographyError(
                .token,
                found.isEmpty
                    ? "There is no token “\(address.token)”."
                    : "\(found.count) tokens are called “\(address.token)”: add serial=….")
        }
        return found[0]
    }

    /// Text of a fixed length, padded with blanks.
    private static func text<T>(_ field: T) -> String {
        withUnsafeBytes(of: field) { bytes in
            let end = bytes.lastIndex { $0 != UInt8(ascii: " ") && $0 != 0 }.map { $0 + 1 } ?? 0
            return String(decoding: bytes[..<end], as: UTF8.self)
        }
    }
}
