// Step 7 of checking a report, about holds, erasures and disposals: signed by the two who had to sign together.
//
// The lines hold the keys and roles of whoever signed about the model's versions. An erasure of a person
// is among the lines because the person is concerned; its officers need not be, so of that one only what
// was signed is compared, and not by whom.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography

extension ReportCheck {
    mutating func check(
        _ event: HoldReleased, _ time: Timestamp, _ lines: [ReportLine], at place: JSONPointer
    ) {
        guard let (envelope, statement) = statement(event.document, event.statement, at: place)
        else { return }
        guard let release = try? HoldRelease(reading: statement), release.hold == event.hold,
            release.scope == event.scope, release.reason == event.reason
        else {
            find(place, "statement", "The signed release says something else than the line.")
            return
        }
        // A person's hold can be among the lines without the entry that placed it.
        guard case .version = event.scope else { return }
        let placed = lines.lazy.compactMap { line -> HoldPlaced? in
            guard case .holdPlaced(let placed) = line.entry.event else { return nil }
            return placed.hold == event.hold ? placed : nil
        }.first
        guard let placed else {
            find(place, "statement", "No line places the hold \(event.hold).")
            return
        }
        let problems = release.problems(
            of: placed, signers: identities.signers(of: envelope), chain: identities.chain,
            people: [], origin: root.origin, at: time)
        report(problems, "release", at: place)
    }

    mutating func check(
        erasureOf subject: PersonalSubject, _ document: SHA256Digest, _ payload: SHA256Digest,
        _ time: Timestamp, _ lines: [ReportLine], at place: JSONPointer
    ) {
        guard let (envelope, statement) = statement(document, payload, at: place) else { return }
        guard let request = try? ErasureRequest(reading: statement), request.subject == subject
        else {
            find(place, "statement", "The signed request is about another subject than the line.")
            return
        }
        guard case .card(let version) = subject else { return }
        var people: Set<PrincipalID> = []
        for case .versionSubmitted(let event) in lines.map(\.entry.event)
        where event.version == version { people.formUnion([event.submitter, event.person]) }
        let problems = request.problems(
            signers: identities.signers(of: envelope), chain: identities.chain, people: people,
            origin: root.origin, at: time)
        report(problems, "erasure", at: place)
    }

    mutating func check(
        disposalOf version: VersionReference, _ document: SHA256Digest, _ payload: SHA256Digest,
        list: SHA256Digest?, _ time: Timestamp, _ lines: [ReportLine], at place: JSONPointer
    ) {
        guard let (envelope, statement) = statement(document, payload, at: place) else { return }
        guard let request = try? DisposalRequest(reading: statement), request.version == version,
            list == nil || list == request.list
        else {
            find(place, "statement", "The signed request is about something else than the line.")
            return
        }
        var submitters: Set<PrincipalID> = []
        for case .versionSubmitted(let event) in lines.map(\.entry.event)
        where event.version == version { submitters.formUnion([event.submitter, event.person]) }
        let problems = request.problems(
            signers: identities.signers(of: envelope), chain: identities.chain,
            submitters: submitters, origin: root.origin, at: time)
        report(problems, "disposal", at: place)
    }

    private mutating func report(
        _ problems: [JSONFinding], _ what: String, at place: JSONPointer
    ) {
        guard !problems.isEmpty else { return }
        let words = problems.map(\.code).joined(separator: ", ")
        find(place, "authority", "The \(what) does not count: \(words).")
    }
}
