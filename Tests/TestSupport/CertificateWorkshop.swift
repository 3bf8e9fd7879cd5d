// Certificates of every kind, made by the program `openssl` at the time of the test.
internal import Foundation

/// A folder with authorities, what they issued and what they took back; removed with the value.
package final class CertificateWorkshop: Sendable {
    /// Where `NAME.key` and `NAME.crt` lie.
    package let folder: String

    package init() throws {
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("imprimatur-certificates-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Extensions of an authority.
    package static let authority = [
        "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign",
        "subjectKeyIdentifier=hash",
    ]

    /// Extensions of a signer called release@example.org.
    package static let signer = [
        "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=codeSigning", "subjectKeyIdentifier=hash",
        "authorityKeyIdentifier=keyid", "subjectAltName=email:release@example.org",
    ]

    /// Issues `NAME.crt` for a new `NAME.key`; without an issuer it signs itself.
    package func issue(
        _ name: String, by issuer: String? = nil, _ extensions: [String],
        key: [String] = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], digest: String = "sha256",
        from: String = "20200101000000Z", until: String = "20910101000000Z"
    ) throws {
        let authority = issuer ?? name
        let database = "\(folder)/\(authority).db"
        if !FileManager.default.fileExists(atPath: database) { try write("\(authority).db", "") }
        try configure("\(name).cnf", database: authority, extensions)
        try openssl(["genpkey", "-algorithm"] + key + ["-out", "\(name).key"])
        try openssl([
            "req", "-new", "-config", "\(name).cnf", "-key", "\(name).key", "-subj", "/CN=\(name)",
            "-out", "\(name).csr",
        ])
        let signing =
            issuer.map { ["-cert", "\($0).crt", "-keyfile", "\($0).key"] }
            ?? ["-selfsign", "-keyfile", "\(name).key"]
        try openssl(
            [
                "ca", "-batch", "-notext", "-config", "\(name).cnf", "-in", "\(name).csr", "-out",
                "\(name).crt", "-startdate", from, "-enddate", until, "-md", digest,
                "-extensions", "ext",
            ] + signing)
    }

    /// Notes that an authority has taken a certificate back at a time such as 260101000000Z.
    package func revoke(_ name: String, by issuer: String, at time: String) throws {
        let serial = try openssl(["x509", "-in", "\(name).crt", "-noout", "-serial"]).output
            .dropFirst("serial=".count).trimmingCharacters(in: .whitespacesAndNewlines)
        let lines = text("\(issuer).db").split(separator: "\n").map { line in
            var fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(
                String.init)
            guard fields.count > 3, fields[3] == serial else { return String(line) }
            fields[0] = "R"
            fields[2] = time
            return fields.joined(separator: "\t")
        }
        try write("\(issuer).db", lines.joined(separator: "\n"))
    }

    /// The list of what an authority has taken back, in PEM.
    package func list(by issuer: String, hours: Int = 24) throws -> [UInt8] {
        try configure("\(issuer).list.cnf", database: issuer, [])
        try openssl([
            "ca", "-gencrl", "-config", "\(issuer).list.cnf", "-cert", "\(issuer).crt", "-keyfile",
            "\(issuer).key", "-crlhours", "\(hours)", "-md", "sha256", "-out", "\(issuer).crl",
        ])
        return bytes("\(issuer).crl")
    }

    /// Has an authority for time stamps stamp these bytes.
    package func stamp(_ message: [UInt8], by authority: String) throws -> [UInt8] {
        try Data(message).write(to: URL(fileURLWithPath: "\(folder)/message"))
        try write(
            "tsa.cnf",
            """
            [tsa]
            default_tsa = any
            [any]
            serial = tsa.serial
            default_policy = 1.2.3.4.1
            digests = sha256
            signer_digest = sha256
            ess_cert_id_alg = sha256
            """)
        try openssl([
            "ts", "-query", "-data", "message", "-sha256", "-cert", "-out", "query",
        ])
        try openssl([
            "ts", "-reply", "-config", "tsa.cnf", "-section", "any", "-queryfile", "query",
            "-signer", "\(authority).crt", "-inkey", "\(authority).key", "-out", "reply",
        ])
        return bytes("reply")
    }

    /// A file of the folder.
    package func bytes(_ file: String) -> [UInt8] {
        FileManager.default.contents(atPath: "\(folder)/\(file)").map(Array.init) ?? []
    }

    private func configure(
        _ file: String, database: String, _ extensions: [String]
    ) throws {
        try write(
            file,
            """
            [ca]
            default_ca = any
            [any]
            database = \(database).db
            new_certs_dir = .
            rand_serial = yes
            policy = names
            unique_subject = no
            [names]
            commonName = supplied
            [ext]
            \(extensions.joined(separator: "\n"))
            [req]
            distinguished_name = names
            """)
    }

    private func text(_ file: String) -> String { String(decoding: bytes(file), as: UTF8.self) }

    private func write(_ file: String, _ text: String) throws {
        try Data((text + (text.isEmpty ? "" : "\n")).utf8).write(
            to: URL(fileURLWithPath: "\(folder)/\(file)"))
    }

    @discardableResult
    private func openssl(_ arguments: [String]) throws -> Peers.Ran {
        let ran = try Peers.run(["openssl"] + arguments, in: folder)
        guard ran.code == 0 else { throw PeerError(description: "openssl \(arguments): \(ran)") }
        return ran
    }
}
