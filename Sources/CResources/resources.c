// Embeds files by #embed; the list is checked against the folders by a test (`embedded files are complete`).
#include "resources.h"

#pragma clang diagnostic ignored "-Wc23-extensions"


static const unsigned char migration_0001[] = {
#embed "../../migrations/0001_log.sql"
};
static const unsigned char migration_0002[] = {
#embed "../../migrations/0002_registry.sql"
};
static const unsigned char migration_0003[] = {
#embed "../../migrations/0003_roots_and_witnesses.sql"
};
static const unsigned char migration_0010[] = {
#embed "../../migrations/0010_personal.sql"
};
static const unsigned char migration_0020[] = {
#embed "../../migrations/0020_lift.sql"
};
static const unsigned char migration_0040[] = {
#embed "../../migrations/0040_recovery.sql"
};
static const unsigned char migration_0050[] = {
#embed "../../migrations/0050_revoked_indexes.sql"
};
static const unsigned char migration_0060[] = {
#embed "../../migrations/0060_run_permits.sql"
};
static const unsigned char migration_0070[] = {
#embed "../../migrations/0070_disposal.sql"
};
static const unsigned char migration_0075[] = {
#embed "../../migrations/0075_findings.sql"
};
static const unsigned char migration_0076[] = {
#embed "../../migrations/0076_abstentions.sql"
};
static const unsigned char migration_0080[] = {
#embed "../../migrations/0080_snapshots.sql"
};
static const unsigned char migration_0085[] = {
#embed "../../migrations/0085_provenance.sql"
};
static const unsigned char migration_0086[] = {
#embed "../../migrations/0086_legacy.sql"
};
static const unsigned char migration_0087[] = {
#embed "../../migrations/0087_waivers.sql"
};
static const unsigned char migration_0088[] = {
#embed "../../migrations/0088_break_glass.sql"
};
static const unsigned char migration_0089[] = {
#embed "../../migrations/0089_provenance_signers.sql"
};
static const unsigned char migration_0090[] = {
#embed "../../migrations/0090_document_compression.sql"
};
static const unsigned char migration_0093[] = {
#embed "../../migrations/0093_changes_requested.sql"
};
static const unsigned char migration_0094[] = {
#embed "../../migrations/0094_delegations.sql"
};
static const unsigned char migration_0095[] = {
#embed "../../migrations/0095_alerts.sql"
};
static const unsigned char migration_0096[] = {
#embed "../../migrations/0096_tier_determinations.sql"
};

static const unsigned char model_card_schema[] = {
#embed "../../docs/reference/model-card.schema.json"
};
static const unsigned char policy_schema_approvals[] = {
#embed "../../docs/reference/policy/approvals.schema.json"
};
static const unsigned char policy_schema_evaluations[] = {
#embed "../../docs/reference/policy/evaluations.schema.json"
};
static const unsigned char policy_schema_frameworks[] = {
#embed "../../docs/reference/policy/frameworks.schema.json"
};
static const unsigned char policy_schema_gate[] = {
#embed "../../docs/reference/policy/gate.schema.json"
};
static const unsigned char policy_schema_pack[] = {
#embed "../../docs/reference/policy/pack.schema.json"
};
static const unsigned char policy_schema_permits[] = {
#embed "../../docs/reference/policy/permits.schema.json"
};
static const unsigned char policy_schema_required[] = {
#embed "../../docs/reference/policy/required.schema.json"
};
static const unsigned char policy_schema_retention[] = {
#embed "../../docs/reference/policy/retention.schema.json"
};
static const unsigned char policy_schema_signatures[] = {
#embed "../../docs/reference/policy/signatures.schema.json"
};
static const unsigned char policy_schema_tests[] = {
#embed "../../docs/reference/policy/tests.schema.json"
};
static const unsigned char policy_schema_tiers[] = {
#embed "../../docs/reference/policy/tiers.schema.json"
};
static const unsigned char policies_approvals[] = {
#embed "../../policies/approvals.yaml"
};
static const unsigned char policies_cards_required[] = {
#embed "../../policies/cards/required.yaml"
};
static const unsigned char policies_evaluations[] = {
#embed "../../policies/evaluations.yaml"
};
static const unsigned char policies_frameworks[] = {
#embed "../../policies/frameworks.yaml"
};
static const unsigned char policies_gates_approve[] = {
#embed "../../policies/gates/approve.yaml"
};
static const unsigned char policies_gates_deploy[] = {
#embed "../../policies/gates/deploy.yaml"
};
static const unsigned char policies_gates_retire[] = {
#embed "../../policies/gates/retire.yaml"
};
static const unsigned char policies_gates_submit[] = {
#embed "../../policies/gates/submit.yaml"
};
static const unsigned char policies_pack[] = {
#embed "../../policies/pack.yaml"
};
static const unsigned char policies_permits[] = {
#embed "../../policies/permits.yaml"
};
static const unsigned char policies_retention[] = {
#embed "../../policies/retention.yaml"
};
static const unsigned char policies_tiers[] = {
#embed "../../policies/tiers.yaml"
};

static const unsigned char openapi[] = {
#embed "../../docs/reference/openapi.json"
};

static const unsigned char example_card_template_yaml[] = {
#embed "../../docs/examples/scorecard/card.template.yaml"
};
static const unsigned char example_card_yaml[] = {
#embed "../../docs/examples/scorecard/card.yaml"
};
static const unsigned char example_model_readme_txt[] = {
#embed "../../docs/examples/scorecard/model/README.txt"
};
static const unsigned char example_model_scorecard_json[] = {
#embed "../../docs/examples/scorecard/model/scorecard.json"
};
static const unsigned char example_predictions_unfair_csv[] = {
#embed "../../docs/examples/scorecard/predictions-unfair.csv"
};
static const unsigned char example_predictions_csv[] = {
#embed "../../docs/examples/scorecard/predictions.csv"
};

#define ROW(path, symbol) {path, symbol, sizeof symbol}

static const struct imprimatur_resource resources[] = {
    ROW("docs/examples/scorecard/card.template.yaml", example_card_template_yaml),
    ROW("docs/examples/scorecard/card.yaml", example_card_yaml),
    ROW("docs/examples/scorecard/model/README.txt", example_model_readme_txt),
    ROW("docs/examples/scorecard/model/scorecard.json", example_model_scorecard_json),
    ROW("docs/examples/scorecard/predictions-unfair.csv", example_predictions_unfair_csv),
    ROW("docs/examples/scorecard/predictions.csv", example_predictions_csv),
    ROW("docs/reference/model-card.schema.json", model_card_schema),
    ROW("docs/reference/openapi.json", openapi),
    ROW("docs/reference/policy/approvals.schema.json", policy_schema_approvals),
    ROW("docs/reference/policy/evaluations.schema.json", policy_schema_evaluations),
    ROW("docs/reference/policy/frameworks.schema.json", policy_schema_frameworks),
    ROW("docs/reference/policy/gate.schema.json", policy_schema_gate),
    ROW("docs/reference/policy/pack.schema.json", policy_schema_pack),
    ROW("docs/reference/policy/permits.schema.json", policy_schema_permits),
    ROW("docs/reference/policy/required.schema.json", policy_schema_required),
    ROW("docs/reference/policy/retention.schema.json", policy_schema_retention),
    ROW("docs/reference/policy/signatures.schema.json", policy_schema_signatures),
    ROW("docs/reference/policy/tests.schema.json", policy_schema_tests),
    ROW("docs/reference/policy/tiers.schema.json", policy_schema_tiers),
    ROW("migrations/0001_log.sql", migration_0001),
    ROW("migrations/0002_registry.sql", migration_0002),
    ROW("migrations/0003_roots_and_witnesses.sql", migration_0003),
    ROW("migrations/0010_personal.sql", migration_0010),
    ROW("migrations/0020_lift.sql", migration_0020),
    ROW("migrations/0040_recovery.sql", migration_0040),
    ROW("migrations/0050_revoked_indexes.sql", migration_0050),
    ROW("migrations/0060_run_permits.sql", migration_0060),
    ROW("migrations/0070_disposal.sql", migration_0070),
    ROW("migrations/0075_findings.sql", migration_0075),
    ROW("migrations/0076_abstentions.sql", migration_0076),
    ROW("migrations/0080_snapshots.sql", migration_0080),
    ROW("migrations/0085_provenance.sql", migration_0085),
    ROW("migrations/0086_legacy.sql", migration_0086),
    ROW("migrations/0087_waivers.sql", migration_0087),
    ROW("migrations/0088_break_glass.sql", migration_0088),
    ROW("migrations/0089_provenance_signers.sql", migration_0089),
    ROW("migrations/0090_document_compression.sql", migration_0090),
    ROW("migrations/0093_changes_requested.sql", migration_0093),
    ROW("migrations/0094_delegations.sql", migration_0094),
    ROW("migrations/0095_alerts.sql", migration_0095),
    ROW("migrations/0096_tier_determinations.sql", migration_0096),
    ROW("policies/approvals.yaml", policies_approvals),
    ROW("policies/cards/required.yaml", policies_cards_required),
    ROW("policies/evaluations.yaml", policies_evaluations),
    ROW("policies/frameworks.yaml", policies_frameworks),
    ROW("policies/gates/approve.yaml", policies_gates_approve),
    ROW("policies/gates/deploy.yaml", policies_gates_deploy),
    ROW("policies/gates/retire.yaml", policies_gates_retire),
    ROW("policies/gates/submit.yaml", policies_gates_submit),
    ROW("policies/pack.yaml", policies_pack),
    ROW("policies/permits.yaml", policies_permits),
    ROW("policies/retention.yaml", policies_retention),
    ROW("policies/tiers.yaml", policies_tiers),
};

const struct imprimatur_resource *imprimatur_resources(size_t *count) {
    *count = sizeof resources / sizeof *resources;
    return resources;
}
