// swift-format-ignore-file: NeverForceUnwrap
// Samples of what gates decided, and of what followed.

import Cryptography

@testable import Governance

extension CorpusSamples {
    static var gates: [(String, Event)] {
        [
            (
                "",
                .gateAsked(
                    GateAsked(
                        gate: .deploy, version: version, environment: production, target: "eu-1",
                        use: use, verdict: .deny, artifact: digest("artifact"),
                        decision: digest("decision"), facts: digest("facts")))
            ),
            (
                "submit",
                .gateDenied(
                    GateDenied(
                        gate: .submit, subject: .model(version.model), statement: digest("card"),
                        decision: digest("decision"), facts: digest("facts")))
            ),
            (
                "approve",
                .gateDenied(
                    GateDenied(
                        gate: .approve, subject: .version(version), statement: digest("approval"),
                        decision: digest("decision"), facts: digest("facts")))
            ),
            (
                "allow",
                .deploymentDecided(
                    DeploymentDecided(
                        version: version, environment: production, target: "eu-1", use: use,
                        verdict: .allow, artifact: digest("artifact"),
                        decision: digest("decision"), facts: digest("facts"),
                        trustRoot: digest("root"), trustRootVersion: 1, deployment: "d-01",
                        permit: digest("permit"), permitDocument: digest("permit document"),
                        notAfter: SampleFacts.days(1)))
            ),
            (
                "deny",
                .deploymentDecided(
                    DeploymentDecided(
                        version: version, environment: production, target: "", use: nil,
                        verdict: .deny, artifact: digest("artifact"),
                        decision: digest("decision"), facts: digest("facts"),
                        trustRoot: digest("root"), trustRootVersion: 1, deployment: "",
                        permit: nil, permitDocument: nil, notAfter: nil))
            ),
            (
                "",
                .deploymentConfirmed(
                    DeploymentConfirmed(
                        deployment: "d-01", version: version, environment: production))
            ),
            (
                "",
                .deploymentEnded(
                    DeploymentEnded(
                        deployment: "d-01", version: version, environment: production,
                        reason: "replaced"))
            ),
            (
                "allow",
                .runDecided(
                    RunDecided(
                        DeploymentDecided(
                            version: version, environment: production, target: "eu-1", use: use,
                            verdict: .allow, artifact: digest("artifact"),
                            decision: digest("decision"), facts: digest("facts"),
                            trustRoot: digest("root"), trustRootVersion: 1, deployment: "d-01",
                            permit: digest("permit"), permitDocument: digest("permit document"),
                            notAfter: SampleFacts.days(1))))
            ),
            (
                "deny",
                .runDecided(
                    RunDecided(
                        DeploymentDecided(
                            version: version, environment: production, target: "", use: nil,
                            verdict: .deny, artifact: digest("artifact"),
                            decision: digest("decision"), facts: digest("facts"),
                            trustRoot: digest("root"), trustRootVersion: 1, deployment: "d-01",
                            permit: nil, permitDocument: nil, notAfter: nil)))
            ),
            (
                "",
                .statusListed(
                    StatusListed(
                        list: digest("list"), document: digest("list document"),
                        content: digest("content"), validUntil: SampleFacts.days(1)))
            ),
            ("allow", .retirementDecided(retirement(.allow, digest("certificate")))),
            ("deny", .retirementDecided(retirement(.deny, nil))),
        ]
    }

    private static func retirement(
        _ verdict: Verdict, _ certificate: SHA256Digest?
    ) -> RetirementDecided {
        RetirementDecided(
            version: version, verdict: verdict, decision: digest("decision"),
            facts: digest("facts"), trustRoot: digest("root"), trustRootVersion: 1,
            reason: "replaced", successor: "credit/scorecard@4", certificate: certificate,
            certificateDocument: certificate)
    }
}
