// Compares the database with the pin before anything is written or permitted (I5).

internal import Cryptography
package import Database
internal import Governance
internal import TransparencyLog

/// What the pin and the database say of each other.
package struct StartCheck: Sendable {
    let origin: String
    let roots: RootKeeper
    let pin: Pin

    package init(roots: RootKeeper, pin: Pin) {
        origin = roots.history.latest.origin
        self.roots = roots
        self.pin = pin
    }

    /// The reason to halt, or nil when the database continues what is pinned.
    package func run(_ db: borrowing Connection) throws -> HaltReason? {
        guard let head = try LogHead.load(db) else {
            return HaltReason(.inconsistent, "audit.head has no row")
        }
        guard head.origin == origin else {
            return HaltReason(
                .inconsistent, "the database holds the log \(head.origin), not \(origin)")
        }
        if let reason = try checkEdge(head, db) { return reason }
        let kept: Pin.Kept?
        do {
            kept = try pin.read(by: roots.openWithAny)
        } catch {
            return HaltReason(.pinUnreadable, error.description)
        }
        guard let kept else {
            return HaltReason(
                .pinMissing,
                "the log has \(head.range.size) entries, but there is no pin at \(pin.path)")
        }
        guard let pinned = kept.checkpoint else {
            return HaltReason(
                .pinUnreadable, "the pin at \(pin.path) is not a checkpoint signed by this log")
        }
        return try compare(head, with: pinned, db)
    }

    /// Stores the pinned checkpoint again if a crash took its row; only after `run` found nothing.
    func restoreCheckpoint(_ db: borrowing Connection) throws {
        try LostCheckpoint(try? pin.read(by: roots.openWithAny))?.restore(db)
    }

    private func compare(
        _ head: LogHead, with pinned: Checkpoint, _ db: borrowing Connection
    ) throws -> HaltReason? {
        guard head.range.size >= pinned.size else {
            return HaltReason(
                .databaseOlder,
                "the pin has size \(pinned.size), root \(pinned.root); the database has size "
                    + "\(head.range.size), root \(head.range.root)")
        }
        let edge = try TileID.rightEdge(of: pinned.size)
        let root: SHA256Digest
        do {
            let set = try TileSet(edge, LogTiles.load(edge, db))
            root = try CompactRange(size: pinned.size, from: set).root
        } catch let error as ProofError {
            return HaltReason(.inconsistent, "the stored tiles are not whole: \(error)")
        }
        guard root == pinned.root else {
            return HaltReason(
                .forked,
                "at size \(pinned.size) the pin has root \(pinned.root), the database \(root)")
        }
        return nil
    }

    /// Whether head, leaves and tiles end at the same place.
    private func checkEdge(
        _ head: LogHead, _ db: borrowing Connection
    ) throws -> HaltReason? {
        let last = try db.oneOrNil(
            "SELECT index, chain_hash FROM audit.leaf ORDER BY index DESC LIMIT 1",
            as: (Int64, [UInt8]).self)
        let leaves = last.map { $0.0 + 1 } ?? 0
        guard leaves == head.range.size else {
            return HaltReason(
                .inconsistent,
                "audit.head has size \(head.range.size), audit.leaf ends at \(leaves)")
        }
        if let last, last.1 != head.chain.bytes {
            return HaltReason(
                .inconsistent, "the hash chain of audit.head is not that of audit.leaf")
        }
        return nil
    }
}
