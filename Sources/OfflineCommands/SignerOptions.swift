// Whom a verifier trusts, as options: a key, authorities, or sigstore.

package import ArgumentParser
internal import Attestation
internal import Cryptography
internal import Governance

/// `--bundle FILE`, also spelled `--signature FILE`.
package struct BundleFile: ParsableArguments {
    @Option(
        name: [.customLong("bundle"), .customLong("signature")],
        help: ArgumentHelp("The signature file.", valueName: "file"))
    package var bundle: String

    package init() {}
}

/// The options that say who must have signed.
package struct SignerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The trusted public key, in PEM.", valueName: "pem"))
    var publicKey: String?

    @Option(help: ArgumentHelp("Trust certificates below these roots.", valueName: "pem"))
    var trustRoot: String?

    @Option(help: ArgumentHelp("Trust signers certified by sigstore.", valueName: "json"))
    var sigstoreRoot: String?

    @Option(help: ArgumentHelp("The identity that the certificate must carry.", valueName: "text"))
    var identity: String?

    @Flag(help: "Accept whomever the roots certify (with --profile oms-compat only).")
    var anyIdentity = false

    @Option(help: ArgumentHelp("Who must have confirmed the identity.", valueName: "url"))
    var issuer: String?

    @Option(
        help: ArgumentHelp("What a certificate must look like: strict or oms-compat."),
        transform: { text in
            guard let profile = CertificateTrust.Profile(rawValue: text) else {
                throw ValidationError("“\(text)” is not a profile (strict, oms-compat).")
            }
            return profile
        })
    var profile: CertificateTrust.Profile = .strict

    @Option(help: ArgumentHelp("A revocation list.", valueName: "pem"))
    var crl: [String] = []

    @Option(help: ArgumentHelp("Trust time stamps below these roots.", valueName: "pem"))
    var timestampRoot: String?

    package init() {}

    package func validate() throws {
        let ways = [publicKey, trustRoot, sigstoreRoot].compactMap(\.self)
        guard ways.count == 1 else {
            throw ValidationError("Give one of --public-key, --trust-root and --sigstore-root.")
        }
        guard publicKey == nil || (identity == nil && issuer == nil && !anyIdentity) else {
            throw ValidationError("--identity and --issuer belong to certificates, not to a key.")
        }
        guard publicKey != nil || identity != nil || anyIdentity else {
            throw ValidationError("A certificate says nothing without --identity.")
        }
        guard !anyIdentity || (identity == nil && trustRoot != nil && profile == .omsCompat) else {
            throw ValidationError("--any-identity belongs to --trust-root --profile oms-compat.")
        }
        guard (sigstoreRoot == nil) == (issuer == nil) else {
            throw ValidationError("--sigstore-root needs --issuer, and --issuer --sigstore-root.")
        }
        guard trustRoot != nil || (crl.isEmpty && timestampRoot == nil && profile == .strict) else {
            throw ValidationError("--profile, --crl and --timestamp-root belong to --trust-root.")
        }
    }

    /// Reads the files; throws when one is not what it should be.
    func trust() throws -> SignerTrust {
        if let publicKey { return .key(try Files.publicKey(publicKey)) }
        if let sigstoreRoot, let identity, let issuer {
            return .sigstore(
                SigstoreTrust(
                    root: try Files.sigstoreRoot(sigstoreRoot), identity: identity, issuer: issuer))
        }
        guard let trustRoot else {
            throw ValidationError("--sigstore-root needs --identity and --issuer.")
        }
        if anyIdentity {
            Console.warning("whomever the roots certify is accepted as the signer.")
        }
        return .certificate(
            CertificateTrust(
                anchors: try Files.certificates(trustRoot), identity: identity, profile: profile,
                revocationLists: try crl.flatMap(Files.revocationLists),
                timestampAnchors: try timestampRoot.map(Files.certificates) ?? [],
                now: SystemClock.now().milliseconds / 1000))
    }
}
