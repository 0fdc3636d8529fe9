"""What schemathesis is not to expect of this API: the one place where anything is left out, each with its reason."""

import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

# Refusals of what the schema allows, by their errorCode.
BY_NATURE = {
    "ats_failed": "it depends on whether an ATS can be reached",
    "idempotency_key_reused": "one generated key comes with several requests, which is what it is refused for",
    "integration_ambiguous": "it depends on how many integrations were made before",
    "integration_disabled": "it depends on an integration having been disabled before",
    "not_capable": "it depends on which ATS is meant",
    "result_incomplete": "it depends on the ATS from which the order came; GET /connectors/meta/{provider} tells it",
    "target_not_allowed": "whether an address is public is not to be seen in its name",
}


def by_nature(response):
    try:
        return response.json().get("errorCode") in BY_NATURE
    except (ValueError, AttributeError):
        return False


@schemathesis.check
def accepts_what_the_schema_allows(ctx, response, case):
    if not by_nature(response):
        positive_data_acceptance(ctx, response, case)


@schemathesis.check
def has_no_defect(ctx, response, case):
    if not by_nature(response):
        not_a_server_error(ctx, response, case)
