// What the service writes of its own accord, so that nothing can be left out and silence is signed.

package import CanonicalJSON
package import Cryptography

/// How many entries each actor caused and each subject has, as two maps' roots (Completeness/CountMap).
package struct ActorsCounted: EventPayload {
    package static let kind = "actors.counted"
    /// How many entries are counted: those at the indexes below.
    package let size: Int64
    /// How many actors there are among them, and the root of their map.
    package let actors: Int64
    package let actorsRoot: SHA256Digest
    /// How many subjects there are among them, and the root of their map.
    package let subjects: Int64
    package let subjectsRoot: SHA256Digest

    package init(
        size: Int64, actors: Int64, actorsRoot: SHA256Digest, subjects: Int64,
        subjectsRoot: SHA256Digest
    ) {
        self.size = size
        self.actors = actors
        self.actorsRoot = actorsRoot
        self.subjects = subjects
        self.subjectsRoot = subjectsRoot
    }

    package init?(_ reader: inout EventReader) {
        guard let size = reader.count("size"), let actors = reader.count("actors"),
            let actorsRoot = reader.digest("actorsRoot"),
            let subjects = reader.count("subjects"),
            let subjectsRoot = reader.digest("subjectsRoot")
        else { return nil }
        self.init(
            size: size, actors: actors, actorsRoot: actorsRoot, subjects: subjects,
            subjectsRoot: subjectsRoot)
    }

    package var members: [String: JSON] {
        [
            "size": .integer(size), "actors": .integer(actors), "actorsRoot": .digest(actorsRoot),
            "subjects": .integer(subjects), "subjectsRoot": .digest(subjectsRoot),
        ]
    }

    /// What the map of actors is checked against.
    package var actorMap: CountCommitment {
        CountCommitment(.actor, size: actors, root: actorsRoot)
    }

    /// What the map of subjects is checked against.
    package var subjectMap: CountCommitment {
        CountCommitment(.subject, size: subjects, root: subjectsRoot)
    }
}

/// Nothing has happened for a while, and the service says so.
package struct LogHeartbeat: EventPayload {
    package static let kind = "log.heartbeat"
    /// How many entries the service had seen; never less than in the heartbeat before.
    package let size: Int64
    /// Time of the last of them.
    package let quietSince: Timestamp

    package init(size: Int64, quietSince: Timestamp) {
        self.size = size
        self.quietSince = quietSince
    }

    package init?(_ reader: inout EventReader) {
        guard let size = reader.count("size"), let quietSince = reader.time("quietSince") else {
            return nil
        }
        self.init(size: size, quietSince: quietSince)
    }

    package var members: [String: JSON] {
        ["size": .integer(size), "quietSince": .text(quietSince)]
    }
}
