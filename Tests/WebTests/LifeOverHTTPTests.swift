// One model's life as clients see it: statuses, bodies, receipts, the permit's bundle.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import HTTPTypes
import Registry
import Testing
import TransparencyLog

@testable import Web

@Suite(.serialized) struct `A life over HTTP` {
    @Test func `goes from submission to retirement`() async throws {
        try await WebService.with { service in
            let version = try await service.makeApproved()
            let client = service.client
            let status = try await client.get(WebService.version, token: service.owner.token)
            #expect(status.status == 200)
            #expect(status.json["approvals"]?.array?.count == 2)
            #expect(status.json["missing"] == [])

            let answer = try await client.post(
                WebService.version + "/deployments", service.question(version),
                token: service.deployer.token)
            #expect(answer.status == 200, "\(answer.text.prefix(600))")
            #expect(answer.json["decision"]?["verdict"] == "allow")
            try checkPermit(answer, service, version)
            let id = try #require(answer.json["deployment"]?.string)
            let deployment = "/api/v1/deployments/\(id)"

            let confirmed = try await client.post(
                deployment + "/confirmation", [:], token: service.deployer.token)
            #expect(confirmed.status == 201)
            let active = try await client.post(
                WebService.version + "/retirement", ["reason": "too early"],
                token: service.owner.token)
            #expect(active.status == 200)
            #expect(active.json["decision"]?["verdict"] == "deny")
            #expect(active.json["certificate"] == .null)
            let ended = try await client.post(
                deployment + "/end", ["reason": "replaced"], token: service.deployer.token)
            #expect(ended.status == 201)
            let retired = try await client.post(
                WebService.version + "/retirement", ["reason": "replaced by a better one"],
                token: service.owner.token)
            #expect(retired.json["decision"]?["verdict"] == "allow")
            let certificate = try Envelope(json: try #require(retired.json["certificate"]))
            #expect(certificate.verify(with: [service.registry.permitKey.publicKey]).count == 1)

            try await checkReport(service)
        }
    }

    /// The permit is a sigstore bundle whose log entry proves itself.
    private func checkPermit(
        _ answer: Answer, _ service: WebService, _ version: TestVersion
    ) throws {
        let bundle = try SigstoreBundle(
            parsing: try #require(answer.json["permit"]).canonicalBytes)
        let key = service.registry.permitKey.publicKey
        #expect(bundle.envelope.verify(with: [key]) == [key.id])
        #expect(bundle.material == .publicKey(hint: SigstoreBundle.hint(for: key), rawBytes: nil))
        let entry = try #require(bundle.logEntries.first)
        #expect(entry.inclusionFindings() == [])
        #expect((entry.kind, entry.version) == ("imprimatur", "1"))
        let vkey = try VerifierKey(service.registry.root.logKeys[0].key)
        #expect(entry.logKeyID == vkey.fullKeyID.bytes)
        #expect(entry.canonicalizedBody == Base64.decode(answer.json["entryBytes"]?.string ?? ""))
        // What is in the log is the decision that names this permit.
        let logged = try Entry(parsing: SignedEntry(parsing: entry.canonicalizedBody).payload)
        guard case .deploymentDecided(let event) = logged.event else {
            Issue.record("the entry is no decision")
            return
        }
        #expect(event.permit == bundle.envelope.payloadDigest)
        let receipt = try LogProof(parsing: Array((answer.json["receipt"]?.string ?? "").utf8))
        let verdict = receipt.verify(
            leafHash: MerkleTree.leafHash(of: entry.canonicalizedBody),
            origin: service.service.origin,
            logKeys: [vkey], policy: .noWitnesses)
        #expect(verdict.reasons == [])
    }

    private func checkReport(_ service: WebService) async throws {
        let path = WebService.model + "/report"
        let json = try await service.client.get(path + "?format=json", token: service.owner.token)
        #expect(json.status == 200)
        #expect((json.json["lines"]?.array?.count ?? 0) > 8)
        let page = try await service.client.get(path, token: service.owner.token)
        #expect(page.headers[.contentType] == "text/html; charset=utf-8")
        let policy = try #require(page.headers[.contentSecurityPolicy])
        #expect(policy.hasPrefix("default-src 'none'"))
        #expect(!policy.contains("unsafe") && !page.text.contains("<script"))
        #expect(page.text.contains("credit/scorecard@1"))
    }

    @Test func `denies with reasons, as an answer`() async throws {
        try await WebService.with { service in
            let version = try await service.submit()
            let answer = try await service.client.post(
                WebService.version + "/deployments", service.question(version),
                token: service.deployer.token)
            #expect(answer.status == 200)
            #expect(answer.json["decision"]?["verdict"] == "deny")
            #expect(answer.json["permit"] == .null)
            #expect(answer.json["deployment"] == .null)
            #expect(answer.text.contains("DEP-101"))
            #expect(answer.json["entry"]?["index"]?.integer != nil)
            let dry = try await service.client.post(
                WebService.version + "/deployments", service.question(version, ["dryRun": true]),
                token: service.deployer.token)
            #expect(dry.status == 200, "\(dry.text)")
            #expect(dry.json["entry"]?["kind"] == "gate.asked")
            #expect(dry.json["decision"]?["verdict"] == "deny" && dry.json["receipt"] == .null)
        }
    }

    @Test func `registers people, and takes keys, roles and tokens away again`() async throws {
        try await WebService.with { service in
            let (client, admin) = (service.client, service.administrator)
            let key = try PrivateKey.generate(.ed25519)
            let id = try #require(PrincipalID(bytes: Random.bytes(8)))
            let from = service.service.clock.now.adding(seconds: -1)
            let assignment = try KeyAssignment(
                origin: service.service.origin, principal: id, kind: .person, key: key.publicKey,
                validFrom: from, validUntil: from.adding(seconds: 86_400)
            ).statement.sign(with: [key, admin.person.key])
            let body: JSON = ["name": "Grace", "person": .null, "assignment": assignment.json]
            let registered = try await client.post(
                "/api/v1/principals", body, token: admin.token,
                headers: [.idempotencyKey: "register-grace"])
            #expect(registered.status == 201, "\(registered.text)")
            #expect(registered.json["result"]?["key"]?.string == key.publicKey.id.hex)
            // The answer was lost: the same again is answered again, and done once.
            let again = try await client.post(
                "/api/v1/principals", body, token: admin.token,
                headers: [.idempotencyKey: "register-grace"])
            #expect(again.status == 201)
            #expect(again.json["replayed"] == true)
            #expect(again.json["entry"]?["leafHash"] == registered.json["entry"]?["leafHash"])

            let path = "/api/v1/principals/\(id)"
            let role = try RoleAssignment(
                origin: service.service.origin, principal: id, person: id, role: .owner,
                namespace: NamespacePattern.everything, credentials: [assignment.payloadDigest],
                validFrom: from, validUntil: from.adding(seconds: 86_400)
            ).statement.sign(with: [admin.person.key])
            let given = try await client.post(
                path + "/roles", ["assignment": role.json], token: admin.token)
            #expect(given.status == 201, "\(given.text)")
            let issued = try await client.post(path + "/tokens", ["days": 1], token: admin.token)
            let token = try #require(issued.json["result"]?["secret"]?.string)
            let who = try await client.get("/api/v1/whoami", token: token)
            #expect(who.json["principal"]?.string == id.description)
            #expect(who.json["roles"]?[0]?["role"] == "owner")

            let digest = role.payloadDigest.hex
            for revocation in [
                "\(path)/roles/\(digest)/revocation",
                "\(path)/keys/\(key.publicKey.id.hex)/revocation",
                "/api/v1/tokens/\(issued.json["result"]?["token"]?.string ?? "")/revocation",
            ] {
                let answer = try await client.post(
                    revocation, ["reason": "left"], token: admin.token)
                #expect(answer.status == 201, "\(revocation): \(answer.text)")
            }
            #expect(try await client.get("/api/v1/whoami", token: token).status == 401)
            let shown = try await client.get(path, token: admin.token)
            #expect(shown.json["keys"]?[0]?["revokedAt"]?.string != nil)
            #expect(!shown.text.contains("Grace"))
        }
    }

    @Test func `shows a token's secret once, also to a retry`() async throws {
        try await WebService.with { service in
            let path = "/api/v1/principals/\(service.owner.person.principal)/tokens"
            let headers: HTTPFields = [.idempotencyKey: "once"]
            let first = try await service.client.post(
                path, ["days": 2], token: service.owner.token, headers: headers)
            let second = try await service.client.post(
                path, ["days": 2], token: service.owner.token, headers: headers)
            #expect(first.json["result"]?["secret"]?.string?.hasPrefix("imp_") == true)
            #expect(second.json["result"]?["secret"] == .null)
            #expect(second.json["result"]?["token"] == first.json["result"]?["token"])
            let other = try await service.client.post(
                path, ["days": 3], token: service.owner.token, headers: headers)
            #expect(other.status == 422)
            #expect(other.code == "idempotency-key-reused")
        }
    }

    @Test func `names everything that a card lacks, with pointers`() async throws {
        try await WebService.with { service in
            let submission = try service.service.submission(by: service.owner.person) { card in
                guard var members = card.object else { return }
                members["limits"] = nil
                members["use"] = nil
                card = .object(members)
            }
            let answer = try await service.client.post(
                WebService.model + "/versions",
                [
                    "card": submission.card.json,
                    "disclosures": .array(submission.disclosures.map(\.json)),
                    "files": .array(submission.files.map(\.json)),
                    "signature": .string(Base64.encode(submission.signature)),
                ], token: service.owner.token)
            #expect(answer.status == 422)
            #expect(answer.isProblem)
            let pointers = (answer.json["findings"]?.array ?? []).compactMap {
                $0["pointer"]?.string
            }
            #expect(pointers.contains { $0.contains("/limits/technical") }, "\(pointers)")
            #expect(pointers.contains { $0.contains("/use/purpose") }, "\(pointers)")
        }
    }

    @Test func `answers 202 while the log is behind, and withholds the permit`() async throws {
        try await WebService.with { service in
            let version = try await service.makeApproved()
            // From here on nothing gets a place in the log.
            await service.service.stop()
            let headers: HTTPFields = [.idempotencyKey: "deploy-once"]
            let path = WebService.version + "/deployments"
            let answer = try await service.client.post(
                path, service.question(version), token: service.deployer.token, headers: headers)
            #expect(answer.status == 202)
            #expect(answer.json["receipt"] == .null)
            #expect(answer.json["entry"]?["index"] == .null)
            #expect(answer.json["permit"] == .null)
            let location = try #require(answer.headers[.location])
            #expect(answer.json["receiptURL"]?.string == location)
            let pending = try await service.client.get(location, token: service.deployer.token)
            #expect(pending.status == 202)
            #expect(pending.headers[.retryAfter] == "1")
            let again = try await service.client.post(
                path, service.question(version), token: service.deployer.token, headers: headers)
            #expect(again.status == 202 && again.json["replayed"] == true)
            #expect(again.json["entry"]?["leafHash"] == answer.json["entry"]?["leafHash"])
        }
    }
}
