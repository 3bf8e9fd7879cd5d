// Is this leaf in the log that the root speaks of? Offline, from a receipt.

package import Cryptography
package import Governance
package import TransparencyLog

/// Checks receipts under one trust root.
package struct ReceiptCheck {
    package let root: TrustRoot
    /// Which witnesses must have cosigned; from the root unless the caller brings another.
    package let witnesses: WitnessPolicy

    /// Takes the root's own witness policy when none is given; throws when it cannot be read.
    package init(root: TrustRoot, witnesses: WitnessPolicy? = nil) throws {
        self.root = root
        if let witnesses {
            self.witnesses = witnesses
        } else if root.witnessPolicy.isEmpty {
            self.witnesses = .noWitnesses
        } else {
            self.witnesses = try WitnessPolicy(parsing: Array(root.witnessPolicy.utf8))
        }
    }

    /// The log keys of the root; keys that cannot be read count for nothing.
    package var logKeys: [VerifierKey] { root.logKeys.compactMap { try? VerifierKey($0.key) } }

    /// Whether the receipt proves the leaf.
    package func verify(_ receipt: LogProof, leafHash: SHA256Digest) -> LogProofVerdict {
        receipt.verify(
            leafHash: leafHash, origin: root.origin, logKeys: logKeys, policy: witnesses)
    }
}
