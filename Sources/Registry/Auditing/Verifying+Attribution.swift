// Which row is wrong, once a signed root has settled what belongs there.

internal import Cryptography
internal import Database
internal import Governance
internal import TransparencyLog

extension LogVerifier {
    /// A settled dispute with what the database knows of the hash that belongs there.
    struct Resolution {
        let dispute: SettledDispute
        /// An entry elsewhere that has the hash.
        let elsewhere: Int64?
    }

    mutating func resolve(
        _ db: borrowing Connection
    ) throws -> (resolutions: [Resolution], brokenChain: [Int64]) {
        let (disputes, brokenChain) = witnesses.takeSettled()
        var resolutions: [Resolution] = []
        for dispute in disputes {
            var elsewhere: Int64?
            if dispute.testimony.entry != dispute.truth, remainingLookups > 0 {
                remainingLookups -= 1
                elsewhere = try db.all(
                    """
                    SELECT id FROM audit.entry WHERE leaf_hash = \(dispute.truth.bytes)
                    ORDER BY id LIMIT 1
                    """, as: Int64.self
                ).first
            }
            resolutions.append(Resolution(dispute: dispute, elsewhere: elsewhere))
        }
        return (resolutions, brokenChain)
    }

    mutating func report(_ settled: (resolutions: [Resolution], brokenChain: [Int64])) {
        var tiles: [Int64: [Int64]] = [:]
        for resolution in settled.resolutions {
            let (testimony, truth) = (resolution.dispute.testimony, resolution.dispute.truth)
            attribute(testimony, truth, resolution.elsewhere)
            if let tile = testimony.tile, tile != truth {
                tiles[testimony.index / 256, default: []].append(testimony.index % 256)
            }
        }
        for (number, places) in tiles.sorted(by: { $0.key < $1.key }) {
            let shown = places.prefix(8).map(String.init).joined(separator: ", ")
            addTile(
                .tileAltered, 0, number,
                "the tile has other hashes at \(shown)\(places.count > 8 ? " …" : "")")
        }
        for index in settled.brokenChain {
            add(
                .chainAltered, "audit.leaf", index,
                "chain_hash does not follow from the leaves before")
        }
    }

    private mutating func attribute(
        _ testimony: LeafTestimony, _ truth: SHA256Digest, _ elsewhere: Int64?
    ) {
        let index = testimony.index
        guard let id = testimony.entryID else {
            add(.leafMissing, "audit.leaf", index, "the row is missing; its leaf hash was \(truth)")
            return
        }
        if testimony.row != truth {
            let found = testimony.row?.hex ?? "no hash"
            add(.leafAltered, "audit.leaf", index, "leaf_hash is \(found), it was \(truth)")
        }
        guard testimony.entry != truth else { return }
        if let elsewhere {
            add(
                .leafEntry, "audit.leaf", index,
                "entry_id is \(id), but the entry that belongs here is \(elsewhere)")
        } else if let entry = testimony.entry {
            add(
                .entryAltered, "audit.entry", index,
                "the bytes of entry \(id) hash to \(entry), they hashed to \(truth)")
        } else {
            add(
                .entryMissing, "audit.entry", index, "entry \(id) is missing; its hash was \(truth)"
            )
        }
    }
}
