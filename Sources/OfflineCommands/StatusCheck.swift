// The full check of a status list in its bundle, offline: whose word it is, and how old.
//
// A list counts when a permit key that the root certified when it was issued has signed it, when its log
// entry (signed by a service key, under a checkpoint of the log key and the witnesses asked for) names
// exactly it, and when it is neither past its own end nor older than the checker wants. A list that does
// not count, or is too old, decides nothing: it is no yes and no no.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
package import Governance
internal import TransparencyLog

/// What a status list is worth.
package struct StatusCheck {
    /// Everything that speaks against believing it.
    package private(set) var findings: [PermitCheck.Finding] = []
    /// What it says; believed only without findings.
    package private(set) var list: StatusList?
    /// Its entry's index in the log.
    package private(set) var index: Int64?
    /// Witnesses that cosigned the checkpoint, by name.
    package private(set) var cosigned: [String] = []

    /// Whether it may be believed.
    package var isValid: Bool { findings.isEmpty && list != nil }

    /// Checks a bundle for a time.
    ///
    /// - Parameter oldest: how many seconds old a list may be; nil leaves that to its own end.
    package init(
        _ bundle: SigstoreBundle, receipts: ReceiptCheck, oldest: Int64?, now: Timestamp,
        acceptsDevelopment: Bool
    ) {
        let entry = EntryCheck(of: bundle, receipts: receipts)
        findings = entry.findings
        (index, cosigned) = (entry.index, entry.cosigned)
        let envelope = bundle.envelope
        do throws(AttestationError) {
            guard envelope.payloadType == Statement.payloadType, envelope.signatures.count == 1
            else { throw AttestationError(.malformed, "It is no statement with one signature.") }
            list = try StatusList(Statement(parsing: envelope.payload))
        } catch {
            for finding in error.findings { refuse(finding.code.rawValue, finding.line) }
            return
        }
        if case .statusListed(let event)? = entry.event, event.list == envelope.payloadDigest {
        } else if entry.event != nil {
            refuse("entry-mismatch", "The log entry is about something else.")
        }
        guard let list, let issuedAt = Timestamp(list.issuedAt),
            let validUntil = Timestamp(list.validUntil)
        else {
            refuse("malformed", "The times of the list are no times.")
            return
        }
        let root = receipts.root
        if envelope.verify(with: root.permitKeys(at: issuedAt)).isEmpty {
            refuse("signature-invalid", "No permit key of the trust root has signed the list.")
        }
        if list.origin != root.origin {
            refuse("origin-mismatch", "The list is of the log \(list.origin).")
        }
        if list.development && !acceptsDevelopment {
            refuse("development", "The list was made under a development root.")
        }
        if let time = entry.time, time != issuedAt {
            refuse("entry-mismatch", "The list was not issued when the log entry says.")
        }
        checkAge(issuedAt, validUntil, oldest, now)
    }

    private mutating func checkAge(
        _ issuedAt: Timestamp, _ validUntil: Timestamp, _ oldest: Int64?, _ now: Timestamp
    ) {
        // Clocks that differ by a little are no reason to stand still.
        if now.adding(seconds: Self.skewSeconds) < issuedAt {
            refuse("not-yet-valid", "The list is of the future: issued at \(issuedAt).")
        }
        if validUntil <= now {
            refuse("stale", "The list was good until \(validUntil).")
        }
        if let oldest, issuedAt.adding(seconds: oldest) < now {
            refuse("stale", "The list of \(issuedAt) is older than \(oldest) seconds.")
        }
    }

    private static let skewSeconds: Int64 = 60

    private mutating func refuse(_ code: String, _ message: String) {
        findings.append(PermitCheck.Finding(code: code, message: message))
    }
}
