// How far a report is complete: the log's own counts, and proofs of what they say of this model.
//
//     "completeness":{
//       "map":{"index":1012,"size":1010,"time":…},           the entry actors.counted among the lines, or null
//       "subjects":[{"count":…,"last":…,"name":…,"path":[…],"position":…}, …],
//       "actors":[{"count":…,"here":…,"last":…,"name":…,"path":[…],"position":…}, …],
//       "absent":[{"after":…,"before":…,"name":…}, …],       people concerned who caused no entry
//       "covers":…,"doesNotCover":…}                         the same in words
//
// The numbers of a subject's entries have no gap (I2), which shows that nothing is left out in between.
// That nothing is left out at the end shows the last count: an entry `actors.counted` states for the
// first `size` entries how many of them wrote each subject, and which was the last. A report is complete
// below `size` when each subject it tells of has exactly that many of its lines there.

package import CanonicalJSON
internal import Cryptography

/// The proofs of a report's completeness.
package struct ReportCompleteness: Sendable, Hashable {
    /// Where the entry with the counts is.
    package let index: Int64
    /// What the map of subjects says of the model, its versions, the policy and the people concerned.
    package let subjects: [CountProof]
    /// What the map of actors says of the people concerned.
    package let actors: [CountProof]
    /// People concerned of whom the map of actors has nothing.
    package let absent: [AbsenceProof]

    /// The proofs of names in the maps that the log last stated; nil when it has stated none.
    ///
    /// - Parameters:
    ///   - stated: the maps of the published log.
    ///   - subjects: the subjects that the report tells in full.
    ///   - people: everybody concerned.
    package init?(
        _ stated: EntryCounts.Stated, subjects: Set<String>, people: Set<PrincipalID>
    ) {
        guard let index = stated.index else { return nil }
        self.index = index
        self.subjects = subjects.sorted(by: bytesPrecede).compactMap {
            stated.subjects.inclusion(of: $0)
        }
        let names = people.sorted().map(\.description)
        actors = names.compactMap { stated.actors.inclusion(of: $0) }
        absent = names.compactMap { stated.actors.absence(of: $0) }
    }

    /// Reads the proofs from a report; nil when it has none. Findings go to the reader.
    package init?(reading reader: JSONReader) {
        reader.ignoreUnknownMembers()
        let index = reader.nullable("map") { map in
            map.ignoreUnknownMembers()
            return map.integer("index")
        }
        let limit = 0...100_000
        subjects = reader.array("subjects", count: limit) { CountProof(reading: $0) }
        actors = reader.array("actors", count: limit) { actor in
            actor.ignoreUnknownMembers()
            return CountProof(reading: actor)
        }
        absent = reader.array("absent", count: limit) { AbsenceProof(reading: $0) }
        guard let index else { return nil }
        self.index = index
    }

    /// The count that the lines hold at the index; nil when they hold none there.
    func counted(in lines: [ReportLine]) -> (event: ActorsCounted, time: Timestamp)? {
        guard let line = lines.first(where: { $0.index == index }),
            case .actorsCounted(let event) = line.entry.event
        else { return nil }
        return (event, line.entry.time)
    }

    /// The section of a report of `size` entries.
    static func json(
        _ completeness: ReportCompleteness?, _ model: ModelName, lines: [ReportLine], size: Int64
    ) -> JSON {
        guard let completeness, let (counted, time) = completeness.counted(in: lines) else {
            return [
                "map": .null, "subjects": [], "actors": [], "absent": [],
                "covers": .string(nothingCovered), "doesNotCover": .string(tail(0, size, model)),
            ]
        }
        return [
            "map": [
                "index": .integer(completeness.index), "size": .integer(counted.size),
                "time": .text(time),
            ],
            "subjects": .array(completeness.subjects.map(\.json)),
            "actors": .array(
                completeness.actors.map { proof in
                    var members = proof.json.object ?? [:]
                    let here = lines.count {
                        $0.index < counted.size && $0.entry.actor?.description == proof.name
                    }
                    members["here"] = .integer(Int64(here))
                    return .object(members)
                }),
            "absent": .array(completeness.absent.map(\.json)),
            "covers": .string(
                "Complete up to index \(counted.size - 1): the log counted its entries at index "
                    + "\(completeness.index), and every entry below \(counted.size) that changed "
                    + "\(model), one of its versions, the policy or a person named here is here. So "
                    + "no submission, evaluation, approval, rejection, decision or restriction of "
                    + "it that the log took there is left out. Of other acts of these people only "
                    + "the number is shown."),
            "doesNotCover": .string(tail(counted.size, size, model)),
        ]
    }

    private static let nothingCovered =
        "The log has not counted its entries yet: that nothing is left out in between shows in the "
        + "numbers of each subject, which have no gap."

    private static func tail(_ from: Int64, _ size: Int64, _ model: ModelName) -> String {
        guard from < size else { return "Nothing below the signed head." }
        return
            "Entries \(from) to \(size - 1) are not counted yet: of those about \(model) the first "
            + "are here without a gap, but whether more follow shows only in the whole log or in a "
            + "later report. What the log took after the signed head is in no report."
    }
}
