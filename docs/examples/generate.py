#!/usr/bin/env python3
"""Makes the small example of the demo: data, a credit scorecard, its predictions and its card.

Run it from anywhere; it writes beside itself, and always the same bytes (its only source of chance
is the counter-based generator below, and it computes with whole numbers only). Standard library
only. The results are committed, so the demo does not need Python.

People are invented. `predictions.csv` comes from the scorecard as it is; `predictions-unfair.csv`
from the same scorecard with 12 points less for one age group, to show a denial.
"""
import hashlib
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent / "scorecard"
MASK = (1 << 64) - 1
SEED = 20261121


def chance(row, column):
    """A number from 0 to 999,999, by SplitMix64 over (row, column)."""
    z = ((16 * row + column + SEED) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    z ^= z >> 31
    return ((z >> 32) * 1_000_000) >> 32


SCORECARD = {
    "name": "credit/scorecard",
    "base_points": 40,
    "approve_from": 60,
    "features": {
        "income_band": [0, 6, 12, 18],
        "years_employed_band": [0, 5, 10],
        "late_payments": [14, 4, -8, -20],
        "existing_loans": [6, 2, -6],
    },
}


def person(row):
    income = chance(row, 0) * 4 // 1_000_000
    employed = chance(row, 1) * 3 // 1_000_000
    late = min(3, chance(row, 2) ** 2 * 5 // 10**12)
    loans = chance(row, 3) * 3 // 1_000_000
    age = ["18-29", "30-49", "50+"][sum(chance(row, 4) >= limit for limit in (350_000, 750_000))]
    sex = "female" if chance(row, 5) < 490_000 else "male"
    # Two in a hundred did not say how old they are: the evaluation counts them apart.
    if chance(row, 6) < 20_000:
        age = ""
    features = {"income_band": income, "years_employed_band": employed,
                "late_payments": late, "existing_loans": loans}
    repaid_millionths = 520_000 + 70_000 * income + 60_000 * employed - 150_000 * late - 40_000 * loans
    repaid = int(chance(row, 7) < repaid_millionths)
    return features, age, sex, repaid


def points(features):
    return SCORECARD["base_points"] + sum(
        SCORECARD["features"][name][band] for name, band in features.items())


def table(rows, malus):
    lines = ["id,age,sex,repaid,approved,score"]
    for row in rows:
        features, age, sex, repaid = person(row)
        score = max(0, min(100, points(features) - (malus if age == "18-29" else 0)))
        approved = int(score >= SCORECARD["approve_from"])
        lines.append(f"{row},{age},{sex},{repaid},{approved},0.{score:02d}" if score < 100
                     else f"{row},{age},{sex},{repaid},{approved},1.00")
    return "\n".join(lines) + "\n"


def training(rows):
    names = list(SCORECARD["features"])
    lines = [",".join(["id", *names, "age", "sex", "repaid"])]
    for row in rows:
        features, age, sex, repaid = person(row)
        lines.append(",".join(map(str, [row, *(features[n] for n in names), age, sex, repaid])))
    return "\n".join(lines) + "\n"


def write(path, text):
    path = HERE / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return hashlib.sha256(text.encode()).hexdigest(), len(text.encode())


def artifact_digest(files):
    """SHA-256 over the RFC 8785 list of {path, sha256, size}, paths in order of their bytes."""
    records = [{"path": path, "sha256": digest, "size": size}
               for path, (digest, size) in sorted(files.items(), key=lambda f: f[0].encode())]
    text = json.dumps(records, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def main():
    model = {
        "scorecard.json": write("model/scorecard.json", json.dumps(SCORECARD, indent=2) + "\n"),
        "README.txt": write(
            "model/README.txt",
            "A points-based credit scorecard: add the base points and one entry per feature;\n"
            "approve from 60 points. Made for the demo of Imprimatur; the people are invented.\n"),
    }
    train_digest, _ = write("training.csv", training(range(0, 1_000)))
    test = table(range(10_000, 12_000), 0)
    test_digest, _ = write("predictions.csv", test)
    write("predictions-unfair.csv", table(range(10_000, 12_000), 12))
    right = sum(line.split(",")[3] == line.split(",")[4] for line in test.splitlines()[1:])
    accuracy = f"0.{right * 10_000 // 2_000:04d}"
    card = (HERE / "card.template.yaml").read_text()
    for name, value in {
        "ARTIFACT_DIGEST": artifact_digest(model),
        "ARTIFACT_SIZE": str(sum(size for _, size in model.values())),
        "TRAINING_DIGEST": train_digest, "TEST_DIGEST": test_digest,
        "ACCURACY": accuracy,
    }.items():
        card = card.replace("{{" + name + "}}", value)
    assert "{{" not in card
    write("card.yaml", card)


if __name__ == "__main__":
    main()
