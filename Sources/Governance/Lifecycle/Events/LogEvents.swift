// What concerns the log and the service as a whole.

package import CanonicalJSON
package import Cryptography

/// Entry 0: which log this is, and under which keys, root and pack it began.
package struct LogOpened: EventPayload {
    package static let kind = "log.opened"
    /// The log's verifier key, in C2SP vkey form.
    package let verifierKey: String
    /// Digest and version of the trust root in force.
    package let trustRoot: SHA256Digest
    package let trustRootVersion: Int64
    /// Digest of the policy pack in force.
    package let policy: SHA256Digest
    /// Whether everything this log governs is marked `development`.
    package let development: Bool

    package init(
        verifierKey: String, trustRoot: SHA256Digest, trustRootVersion: Int64,
        policy: SHA256Digest, development: Bool
    ) {
        self.verifierKey = verifierKey
        self.trustRoot = trustRoot
        self.trustRootVersion = trustRootVersion
        self.policy = policy
        self.development = development
    }

    package init?(_ reader: inout EventReader) {
        guard let verifierKey = reader.string("verifierKey"),
            let trustRoot = reader.digest("trustRoot"),
            let trustRootVersion = reader.integer("trustRootVersion"),
            let policy = reader.digest("policy"),
            let development = reader.bool("development")
        else { return nil }
        self.init(
            verifierKey: verifierKey, trustRoot: trustRoot, trustRootVersion: trustRootVersion,
            policy: policy, development: development)
    }

    package var members: [String: JSON] {
        [
            "verifierKey": .string(verifierKey), "trustRoot": .digest(trustRoot),
            "trustRootVersion": .integer(trustRootVersion), "policy": .digest(policy),
            "development": .bool(development),
        ]
    }
}

/// A service instance began to serve: everything outside the log that influences decisions (I11).
package struct ServiceStarted: EventPayload {
    package static let kind = "service.started"
    /// Digest of the effective configuration, which is a document.
    package let configuration: SHA256Digest
    /// Digest and version of the trust root in force.
    package let trustRoot: SHA256Digest
    package let trustRootVersion: Int64
    /// Digest of the running executable.
    package let binary: SHA256Digest
    /// Digest over the applied migrations.
    package let migrations: SHA256Digest
    /// Key that signs this instance's entries.
    package let serviceKey: KeyID

    package init(
        configuration: SHA256Digest, trustRoot: SHA256Digest, trustRootVersion: Int64,
        binary: SHA256Digest, migrations: SHA256Digest, serviceKey: KeyID
    ) {
        self.configuration = configuration
        self.trustRoot = trustRoot
        self.trustRootVersion = trustRootVersion
        self.binary = binary
        self.migrations = migrations
        self.serviceKey = serviceKey
    }

    package init?(_ reader: inout EventReader) {
        guard let configuration = reader.digest("configuration"),
            let trustRoot = reader.digest("trustRoot"),
            let trustRootVersion = reader.integer("trustRootVersion"),
            let binary = reader.digest("binary"),
            let migrations = reader.digest("migrations"),
            let serviceKey = reader.keyID("serviceKey")
        else { return nil }
        self.init(
            configuration: configuration, trustRoot: trustRoot,
            trustRootVersion: trustRootVersion, binary: binary, migrations: migrations,
            serviceKey: serviceKey)
    }

    package var members: [String: JSON] {
        [
            "configuration": .digest(configuration), "trustRoot": .digest(trustRoot),
            "trustRootVersion": .integer(trustRootVersion), "binary": .digest(binary),
            "migrations": .digest(migrations), "serviceKey": .string(serviceKey.hex),
        ]
    }
}

/// A policy pack came into force.
package struct PolicyActivated: EventPayload {
    package static let kind = "policy.activated"
    /// Name and version that the pack gives itself.
    package let name: String
    package let version: String
    /// Digest of the pack: the artifact digest over its files.
    package let digest: SHA256Digest
    /// The signed pack statement: digest of its payload, and of its document.
    package let statement: SHA256Digest
    package let document: SHA256Digest
    /// The pack's files, as one document.
    package let files: SHA256Digest
    /// Digest of the pack that was in force before; null for the first.
    package let predecessor: SHA256Digest?

    package init(
        name: String, version: String, digest: SHA256Digest, statement: SHA256Digest,
        document: SHA256Digest, files: SHA256Digest, predecessor: SHA256Digest?
    ) {
        self.name = name
        self.version = version
        self.digest = digest
        self.statement = statement
        self.document = document
        self.files = files
        self.predecessor = predecessor
    }

    package init?(_ reader: inout EventReader) {
        guard let name = reader.string("name"), let version = reader.string("version"),
            let digest = reader.digest("digest"), let statement = reader.digest("statement"),
            let document = reader.digest("document"), let files = reader.digest("files"),
            let predecessor = reader.nullableDigest("predecessor")
        else { return nil }
        self.init(
            name: name, version: version, digest: digest, statement: statement,
            document: document, files: files, predecessor: predecessor)
    }

    package var members: [String: JSON] {
        [
            "name": .string(name), "version": .string(version), "digest": .digest(digest),
            "statement": .digest(statement), "document": .digest(document),
            "files": .digest(files), "predecessor": .digest(predecessor),
        ]
    }
}
