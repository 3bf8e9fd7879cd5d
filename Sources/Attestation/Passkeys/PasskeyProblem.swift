// Why a passkey's assertion, or the making of a passkey, does not count.

/// A reason against a ceremony; the raw value is its stable code.
package enum PasskeyProblem: String, Sendable, Hashable, CaseIterable {
    /// Not the canonical JSON of an assertion, or its parts cannot be read.
    case malformed = "passkey-malformed"
    /// The client data is of another ceremony: creating instead of signing, or the other way round.
    case otherCeremony = "passkey-other-ceremony"
    /// Something else was signed.
    case otherChallenge = "passkey-other-challenge"
    /// The page that asked is not of an origin for which the passkey was enrolled.
    case otherOrigin = "passkey-other-origin"
    /// The page that asked stood inside a page of another origin.
    case crossOrigin = "passkey-cross-origin"
    /// The ceremony was tied to a connection that nobody can check.
    case tokenBinding = "passkey-token-binding"
    /// The authenticator served another relying party.
    case otherRelyingParty = "passkey-other-relying-party"
    /// The user did not touch the authenticator.
    case userAbsent = "passkey-user-absent"
    /// The authenticator did not verify the user, by PIN or biometrics.
    case userNotVerified = "passkey-user-not-verified"
    /// A credential that cannot be copied is said to be copied.
    case backupState = "passkey-backup-state"
    /// An assertion brings a new credential, or a registration none.
    case attestedCredential = "passkey-attested-credential"
    /// The passkey's key has not signed this.
    case signatureInvalid = "passkey-signature-invalid"
    /// An attestation of another format than `none`, or one that states something.
    case attestationFormat = "passkey-attestation-format"

    /// The reason in words.
    package var sentence: String {
        switch self {
        case .malformed: "The assertion cannot be read."
        case .otherCeremony: "The browser was asked for another ceremony."
        case .otherChallenge: "The challenge is not that of this statement."
        case .otherOrigin: "The page is not of an origin for which the passkey is enrolled."
        case .crossOrigin: "The page stood inside a page of another origin."
        case .tokenBinding: "The ceremony is tied to a connection that nobody can check."
        case .otherRelyingParty: "The authenticator served another relying party."
        case .userAbsent: "The authenticator did not find the user present."
        case .userNotVerified: "The authenticator did not verify the user."
        case .backupState: "The authenticator contradicts itself about copies of the key."
        case .attestedCredential: "A new credential is there, or missing, against the ceremony."
        case .signatureInvalid: "The passkey's key has not signed this."
        case .attestationFormat: "The attestation must be of the format none, and empty."
        }
    }
}
