// The service's folder: what is where, and who may read it.
//
//     settings.json        written last by `init`: without it nothing here is a service
//     root.json            the trust root, signed by its custodians
//     roots/1.json …       the trust roots before it
//     keys/log.pem …       private keys of log, service instance and permits; 0600
//     keys/kek             key-encryption key of personal data; 0600
//     postgres/            the private PostgreSQL, unless a database URL is given
//     credentials/         `--development` only: custodian, administrator and auditor of a first try

package import CanonicalJSON
internal import Glibc

/// Paths in a data directory.
package struct DataDirectory: Sendable {
    /// Absolute path.
    package let path: String

    package init(path: String) {
        self.path = path.hasPrefix("/") ? path : Self.workingDirectory + "/" + path
    }

    package var settings: String { path + "/settings.json" }
    package var root: String { path + "/root.json" }
    package var roots: String { path + "/roots" }
    package var keys: String { path + "/keys" }
    package var logKey: String { keys + "/log.pem" }
    package var serviceKey: String { keys + "/service.pem" }
    package var permitKey: String { keys + "/permit.pem" }
    package var keyEncryptionKey: String { keys + "/kek" }
    package var postgres: String { path + "/postgres" }
    package var credentials: String { path + "/credentials" }

    /// Where an earlier root is kept.
    package func root(version: Int64) -> String { "\(roots)/\(version).json" }

    private static var workingDirectory: String {
        guard let pointer = getcwd(nil, 0) else { return "" }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}

/// What `init` decided once and `serve` must find again.
package struct StoredSettings: Sendable, Hashable {
    /// The log's origin.
    package var origin: String
    /// Where the pin is.
    package var pin: String
    /// The operating-system user of the private PostgreSQL; nil for a server elsewhere.
    package var postgresUser: String?
    /// When the service writes of its own accord.
    package var housekeeping = HousekeepingSettings.usual
    /// How much one caller may ask.
    package var limits = RequestLimits.usual

    package init(origin: String, pin: String, postgresUser: String?) {
        self.origin = origin
        self.pin = pin
        self.postgresUser = postgresUser
    }

    package var json: JSON {
        [
            "origin": .string(origin), "pin": .string(pin),
            "postgresUser": postgresUser.map(JSON.string) ?? .null, "version": 1,
            "housekeeping": housekeeping.json, "limits": limits.json,
        ]
    }

    package static func read(_ bytes: [UInt8]) throws -> StoredSettings {
        try JSONReader.decode(JSON(parsing: bytes, limits: .own)) { reader in
            _ = reader.integer("version", in: 1...1)
            var settings = StoredSettings(
                origin: reader.string("origin", length: 1...255),
                pin: reader.string("pin", length: 1...4096),
                postgresUser: reader.nullable("postgresUser") { $0.string() })
            settings.housekeeping =
                reader.optional("housekeeping", HousekeepingSettings.init(reading:)) ?? .usual
            settings.limits = reader.optional("limits", RequestLimits.init(reading:)) ?? .usual
            return settings
        }
    }
}
