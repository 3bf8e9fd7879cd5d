// swift-format-ignore-file: NeverForceUnwrap
// Samples of holds, erasures and disposals.

import Cryptography

@testable import Governance

extension CorpusSamples {
    static var disposal: [(String, Event)] {
        [
            (
                "",
                .disposalRefused(
                    DisposalRefused(
                        version: version, statement: digest("statement"),
                        document: digest("document"),
                        grounds: [
                            DisposalGround(.notRetired, "It is not retired."),
                            DisposalGround(.retention, "Kept.", until: SampleFacts.days(100)),
                        ]))
            ),
            (
                "",
                .documentsDisposed(
                    DocumentsDisposed(
                        version: version, list: digest("list"), count: 12, bytes: 40_960,
                        keptUntil: SampleFacts.days(1), statement: digest("statement"),
                        document: digest("document")))
            ),
        ]
    }

    static var personal: [(String, Event)] {
        let namespace = Namespace("credit")!
        return [
            (
                "version",
                .holdPlaced(
                    HoldPlaced(
                        hold: "h-01", scope: .version(version), namespace: namespace,
                        reason: "litigation"))
            ),
            (
                "",
                .holdReleased(
                    HoldReleased(
                        hold: "h-01", scope: .version(version), reason: "settled",
                        statement: digest("statement"), document: digest("document")))
            ),
            (
                "",
                .erasureRefused(
                    ErasureRefused(
                        subject: .principal(principal(1)), statement: digest("statement"),
                        document: digest("document"),
                        grounds: [
                            ErasureGround(.legalHold, "Hold h-01 is in force."),
                            ErasureGround(.retention, "Kept.", until: SampleFacts.days(100)),
                        ]))
            ),
            (
                "principal",
                .subjectErased(
                    SubjectErased(
                        subject: .principal(principal(1)), statement: digest("statement"),
                        document: digest("document"), commitments: [digest("salt and name")],
                        key: digest("key")))
            ),
            (
                "card",
                .subjectErased(
                    SubjectErased(
                        subject: .card(version), statement: digest("statement"),
                        document: digest("document"), commitments: [], key: digest("key")))
            ),
        ]
    }
}
