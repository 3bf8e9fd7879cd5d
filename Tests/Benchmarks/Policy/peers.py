"""Decides the conditions of the deploy gate with cel-python or Cedar, and prints decisions per second.

    peers.py cel|cedar CASES.json SECONDS

CASES.json holds the conditions and, for each case, the facts and the truth of every condition. What is
parsed, compiled or converted once is done before the time begins; a peer that disagrees with a truth
ends with an error.
"""

import json
import sys
import time

# The conditions in Cedar's words. Cedar has no `all` over sets of records, so it is given what the records
# say in sets of their own.
CEDAR = {
    "DEP-001": "context.artifact.presentedDigest == context.artifact.approvedDigest",
    "DEP-002": "context.artifact.signature.verified && context.artifact.signature.findings.isEmpty()"
    ' && context.artifact.signature.signer != ""'
    ' && context.artifact.signature.signerRoles.containsAny(["owner"])',
    "DEP-003": "context.card.missing.isEmpty()",
    "DEP-005": "!(context.artifact has contradictions) || context.artifact.contradictions.isEmpty()",
    "DEP-302": '!context.kinds.contains("retirement")',
    "DEP-303": '!context.severities.contains("critical")',
    "DEP-401": 'context.requester.roles.containsAny(["deployer"])',
    "DEP-501": "context.fold.healthy && context.fold.lagEntries >= 0"
    " && context.fold.lagEntries <= 1000",
    "DEP-502": "context.policy.signed && context.policy.digest == context.policy.activeDigest"
    " && context.policy.digest == context.pack.digest"
    " && context.pack.effectiveFrom <= context.now",
}


def milliseconds(text):
    from datetime import datetime

    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def cel(document):
    import celpy
    from celpy import celtypes

    environment = celpy.Environment()
    programs = [
        environment.program(environment.compile(condition["text"]))
        for condition in document["conditions"]
    ]

    def activation(facts):
        bound = {name: celpy.json_to_cel(value) for name, value in facts.items()}
        bound["now"] = celtypes.TimestampType(facts["now"])
        bound["pack"] = celpy.json_to_cel(facts["pack"])
        effective = celtypes.TimestampType(facts["pack"]["effectiveFrom"])
        bound["pack"][celtypes.StringType("effectiveFrom")] = effective
        return bound

    def decide(bound):
        return [bool(program.evaluate(bound)) for program in programs]

    cases = [activation(case["facts"]) for case in document["cases"]]
    for case, bound in zip(document["cases"], cases):
        if decide(bound) != case["truths"]:
            sys.exit(f"cel-python says {decide(bound)}, not {case['truths']}")

    def all_cases():
        for bound in cases:
            decide(bound)

    return all_cases


def cedar(document):
    import cedarpy

    rules = [condition["rule"] for condition in document["conditions"]]
    policies = "permit(principal, action, resource);\n" + "\n".join(
        f'@id("{rule}") forbid(principal, action, resource) unless {{ {CEDAR[rule]} }};'
        for rule in rules
    )

    def request(facts):
        context = {
            name: facts[name] for name in ("artifact", "card", "requester", "fold", "policy")
        }
        context["kinds"] = [one["kind"] for one in facts["restrictions"]]
        context["severities"] = [one["severity"] for one in facts["findings"]]
        context["now"] = milliseconds(facts["now"])
        effective = milliseconds(facts["pack"]["effectiveFrom"])
        context["pack"] = {"digest": facts["pack"]["digest"], "effectiveFrom": effective}
        return {
            "principal": 'User::"deployer"',
            "action": 'Action::"deploy"',
            "resource": 'Version::"credit/scorecard@3"',
            "context": context,
        }

    requests = [request(case["facts"]) for case in document["cases"]]
    answers = cedarpy.is_authorized_batch(requests, policies, [])
    for case, answer in zip(document["cases"], answers):
        if answer.diagnostics.errors or answer.allowed != all(case["truths"]):
            sys.exit(f"Cedar says {answer.decision} {answer.diagnostics.errors}")

    return lambda: cedarpy.is_authorized_batch(requests, policies, [])


def main():
    peer, path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    work = {"cel": cel, "cedar": cedar}[peer](document)
    work()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        work()
        count += len(document["cases"])
    print(count / (time.perf_counter() - start))


main()
